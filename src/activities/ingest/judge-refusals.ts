import pg from 'pg';
import type { Rejected } from '../../batch/batch.ts';
import { isOfServer, isRowToBlame, mayBlameRow } from '../../errors/blame.ts';
import { policyForSqlstate } from '../../errors/error-policy.ts';
import {
  cleanName,
  RowsNotStored,
  TableRefusesBatch,
  TableRefusesRows,
} from '../../errors/table-trouble.ts';
import { INSERTED_COLUMNS, type RefusedRow } from '../../postgres/ingest/insert-logins.ts';

/** This many refusals, and no row stored in between, are the table's fault. */
const MANY_ROWS = 20;

/** How many reasons a failure names. */
const NAMED_REASONS = 3;

/** Whether the rows of a batch are tried one by one. The vault may refuse the originals of one. */
export function isWorthTrying(error: unknown): boolean {
  if (error instanceof RowsNotStored) return true;
  if (error instanceof TableRefusesBatch) return error.table === 'vault';
  return error instanceof pg.DatabaseError && mayBlameRow(error);
}

const CHECK_VIOLATION = '23514';
const NOT_NULL_VIOLATION = '23502';

/** There is no partition for a row: Postgres names no constraint. */
const hasNoPartition = ({ code, constraint, table, raised }: RefusedRow): boolean =>
  code === CHECK_VIOLATION && constraint === '' && table !== '' && !raised;

/** A column that is not ours got no value. Where other rows are stored, it is this row that gives it none. */
const lacksForeignColumn = ({ code, column, raised }: RefusedRow): boolean =>
  code === NOT_NULL_VIOLATION && column !== '' && !INSERTED_COLUMNS.includes(column) && !raised;

/** A row is not to blame, unless other rows can be stored. */
export class NotTheRow extends Error {
  override name = 'NotTheRow';
  /** What is thrown in its place if they cannot. */
  override cause: Error;
  constructor(cause: Error) {
    super('it is not the fault of a row');
    this.cause = cause;
  }
}

/**
 * Judges rows that were refused one by one.
 * @param othersGoIn whether other rows can be stored
 * @throws NotTheRow, or TableRefusesRows when it is the table's fault even so
 */
export function judgeRows(rows: readonly RefusedRow[], othersGoIn: boolean): void {
  for (const row of rows) {
    if (hasNoPartition(row)) throw new TableRefusesRows(refusalReason(row));
    const isOfTable = lacksForeignColumn(row) || (row.raised && !isOfServer(row.code));
    if (isRowToBlame(row, othersGoIn) && (othersGoIn || !isOfTable)) continue;
    const error = isOfTable
      ? new TableRefusesRows(refusalReason(row))
      : Object.assign(new pg.DatabaseError('a row was refused', 0, 'error'), { code: row.code });
    throw new NotTheRow(error);
  }
}

/**
 * @param refused all that was refused of a batch of which no row was stored, for one reason or for several
 * @param inARow counts them with those of other batches, since a row was last stored: batches may be small
 * @throws TableRefusesRows
 */
export async function judgeBatch(
  refused: readonly Rejected[],
  inARow: () => Promise<number>,
): Promise<void> {
  if (refused.length === 0) return;
  if (refused.length >= MANY_ROWS || (await inARow()) >= MANY_ROWS) {
    throw new TableRefusesRows(nameReasons(refused));
  }
}

function nameReasons(refused: readonly Rejected[]): string {
  const reasons = [...new Set(refused.map(({ reason }) => reason))];
  const others = reasons.length - NAMED_REASONS;
  const named = reasons.slice(0, NAMED_REASONS).join('; ');
  return others > 0 ? `${named}; and ${others} more reasons` : named;
}

/** @returns `user_logins: a row breaks a constraint (23514, no_robots)` */
export function refusalReason({ code, constraint, column, raised }: RefusedRow): string {
  const policy = policyForSqlstate(code);
  const { advice } = raised && policy.action !== 'row' ? policyForSqlstate('P0001') : policy;
  const where = [code, constraint || column].filter(Boolean).map(cleanName).join(', ');
  return `user_logins: ${advice} (${where})`;
}
