import pg from 'pg';
import { mayBlameRow } from '../errors/blame.ts';
import { cleanName, TableRefusesBatch } from '../errors/table-trouble.ts';

/** Tables of the job, other than user_logins, that take an entry with each batch. */
type SideTable = 'ingest_runs' | 'ingest_batches' | 'quarantine' | 'vault' | 'vault_data_keys';

/** Names the table when it refuses an entry: its messages have no other place to go to. */
export async function onTable<T>(table: SideTable, statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && isRefusal(error))) throw error;
    const name = error.constraint || error.column || functionOf(error);
    const answer = [error.code, name].filter((part) => part !== undefined).map(cleanName);
    throw new TableRefusesBatch(table, `${table} (${answer.join(', ')})`);
  }
}

/** A missing privilege keeps its own advice; a policy that refuses a row has the same code, from another C function. */
const isRefusal = (error: pg.DatabaseError): boolean =>
  mayBlameRow(error) && !(error.code === '42501' && error.routine === 'aclcheck_error');

/** Of the context's lines only this one is read: others may hold statements with values. */
const functionOf = ({ where }: pg.DatabaseError): string | undefined =>
  /^PL\/pgSQL function ([^\s(]+)\(/m.exec(where ?? '')?.[1];
