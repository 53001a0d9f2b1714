import type { Pool } from 'pg';
import { queryInTransaction } from '../in-transaction.ts';

/** A transaction that changed logins. Days and slots are null where it may have changed any. */
export type LoginChange = {
  xid: number;
  days: readonly string[] | null;
  users: readonly number[] | null;
  devices: readonly number[] | null;
  ips: readonly number[] | null;
  purge: boolean;
};

export type Changes = {
  /** As `pg_snapshot` is written. */
  transactions: string;
  /** Another text when a partition was dropped, attached or truncated. */
  partitions: string;
  /** The last transaction that summed up. */
  summedUp: number;
  changes: LoginChange[];
};

/** A change that an earlier snapshot sees was returned with that one. */
const CHANGES = `
  select pg_current_snapshot()::text as transactions, login_etl_partitions() as partitions,
    (select max(xid::text::float8) from login_sums) as "summedUp",
    xid::text::float8 as xid, days::text[] as days, users, devices, ips, purge
  from (values (0)) as one left join login_changes
    on $1::pg_snapshot is not null and xid >= pg_snapshot_xmin($1) and not pg_visible_in_snapshot(xid, $1)`;

type Row = Omit<Changes, 'changes'> & LoginChange & { xid: number | null };

/** Reads what was committed since an earlier snapshot; nothing without one. */
export async function readChanges(pool: Pool, since: string | undefined): Promise<Changes> {
  const { rows } = await pool.query<Row>(CHANGES, [since ?? null]);
  const [first] = rows;
  if (!first) throw new Error('a snapshot gave no row');
  const { transactions, partitions, summedUp } = first;
  return { transactions, partitions, summedUp, changes: rows.filter(({ xid }) => xid !== null) };
}

/** Says that changes are followed, so that they are noted in detail. */
export async function sayFollowing(pool: Pool): Promise<void> {
  // The pool of the read service only reads.
  await queryInTransaction(pool, 'begin', 'select login_etl_follow_changes()');
}
