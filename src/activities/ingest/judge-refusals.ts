import pg from 'pg';
import type { Rejected } from '../../batch/batch.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { policyForSqlstate } from '../../errors/error-policy.ts';
import { RowsNotStored, TableRefusesRows } from '../../errors/table-trouble.ts';
import { INSERTED_COLUMNS, type RefusedRow } from '../../postgres/ingest/insert-logins.ts';

/** This many refusals for one reason, and no row stored in between, are the table's fault. */
const MANY_ROWS = 20;

/** The role or the database is wrong: the same for every statement. */
const OF_THE_CONNECTION = /^(28|3D)/;

/**
 * Whether a row may be the reason that a statement failed: everything that the server itself is not at fault for. A
 * trigger can raise any code.
 */
export function mayBlameRow(error: unknown): boolean {
  if (error instanceof RowsNotStored) return true;
  const { code, policy } = classifyError(error);
  if (policy.action === 'row') return true;
  return (
    error instanceof pg.DatabaseError && policy.action === 'final' && !OF_THE_CONNECTION.test(code)
  );
}

const CHECK_VIOLATION = '23514';
const NOT_NULL_VIOLATION = '23502';

/** There is no partition for a row: Postgres names no constraint. */
const hasNoPartition = ({ code, constraint, table }: RefusedRow): boolean =>
  code === CHECK_VIOLATION && constraint === '' && table !== '';

/** A column that is not ours got no value. Where other rows are stored, it is this row that gives it none. */
const lacksForeignColumn = ({ code, column }: RefusedRow): boolean =>
  code === NOT_NULL_VIOLATION && column !== '' && !INSERTED_COLUMNS.includes(column);

/**
 * Judges rows that were refused one by one.
 * @param anyStored whether other rows of the batch are stored: only then a row is to blame for a code that mostly
 * means trouble with tables or privileges
 * @throws when it is not the rows' fault
 */
export function judgeRows(rows: readonly RefusedRow[], anyStored: boolean): void {
  for (const row of rows) {
    const { action } = policyForSqlstate(row.code);
    if (hasNoPartition(row) || (lacksForeignColumn(row) && !anyStored)) {
      throw new TableRefusesRows(refusalReason(row));
    }
    if (action === 'row' || (action === 'final' && anyStored)) continue;
    throw Object.assign(new pg.DatabaseError('a row was refused', 0, 'error'), { code: row.code });
  }
}

/**
 * @param refused all that was refused of a batch of which no row was stored
 * @param refusedBefore counts those of earlier batches for a reason, since a row was last stored: batches may be small
 * @throws TableRefusesRows
 */
export async function judgeBatch(
  refused: readonly Rejected[],
  refusedBefore: (reason: string) => Promise<number>,
): Promise<void> {
  const [first] = refused;
  if (!first || refused.some(({ reason }) => reason !== first.reason)) return;
  const isMany =
    refused.length >= MANY_ROWS ||
    refused.length + (await refusedBefore(first.reason)) >= MANY_ROWS;
  if (isMany) throw new TableRefusesRows(first.reason);
}

/** Names of the schema, without what a terminal or a metric could stumble over. */
const cleanName = (name: string): string => name.replace(/[^\w.$-]/g, '?').slice(0, 63);

/** @returns `user_logins: a row breaks a constraint (23514, no_robots)` */
export function refusalReason({ code, constraint, column }: RefusedRow): string {
  const where = [code, constraint || column].filter(Boolean).map(cleanName).join(', ');
  return `user_logins: ${policyForSqlstate(code).advice} (${where})`;
}
