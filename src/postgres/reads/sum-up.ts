import type { Pool, PoolClient, QueryConfig } from 'pg';
import { inTransaction } from '../in-transaction.ts';

/** What is summed up of user_logins: see 0028_login_sums.sql. */
export const SUM_KINDS = ['days', 'devices', 'ips'] as const;
type SumKind = (typeof SUM_KINDS)[number];

/** The first time, a large table takes minutes. */
const TIMEOUT_MS = 15 * 60_000;
const BEGIN = 'begin isolation level repeatable read, read write';
const LIMITS = `set local statement_timeout = ${TIMEOUT_MS}; set local lock_timeout = '1s'`;
const SUM_UP = 'select login_etl_sum_up($1) as done';

/** Another process has summed up meanwhile. */
const SERIALIZATION_FAILURE = '40001';

/** Brings sums up to date that are due. Several processes may do so at once. @returns whether something was done */
export async function sumUp(pool: Pool, kind: SumKind): Promise<boolean> {
  try {
    return await inTransaction(pool, BEGIN, async (client) => {
      await client.query(LIMITS);
      const query = { text: SUM_UP, values: [kind], query_timeout: TIMEOUT_MS } as QueryConfig;
      const { rows } = await client.query<{ done: boolean }>(query);
      return rows[0]?.done ?? false;
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === SERIALIZATION_FAILURE) return false;
    throw error;
  }
}

/** Up to when the sums count: undefined before the first time. */
export async function summedUpTo(db: Pool | PoolClient, kind: SumKind): Promise<Date | undefined> {
  const { rows } = await db.query<{ at: Date }>(
    'select at from login_sums where kind = $1 and transactions is not null',
    [kind],
  );
  return rows[0]?.at;
}
