import type { Pool, PoolClient, QueryResult } from 'pg';
import { localSettings } from '../session-settings.ts';

const BEGIN = 'begin isolation level repeatable read, read only';
const SNAPSHOT = 'select pg_current_snapshot()::text as snapshot, now() as at';

/** What an answer was read from. */
export type Snapshot = {
  /** As `pg_snapshot` is written: which transactions the answer includes. */
  transactions: string;
  at: Date;
};

/**
 * Reads everything from one snapshot, in a transaction, and so also behind a pooler in transaction mode. The first
 * statement goes out with `begin`, in one round trip.
 */
export async function readSnapshot<T>(
  pool: Pool,
  act: (client: PoolClient) => Promise<T>,
): Promise<{ value: T; snapshot: Snapshot }> {
  const client = await pool.connect();
  const ignore = () => undefined;
  client.on('error', ignore);
  let failed = true;
  try {
    const [begun, value] = await Promise.all([
      client.query(`${BEGIN}; ${localSettings(pool)}; ${SNAPSHOT}`),
      act(client),
    ]);
    await client.query('commit');
    failed = false;
    const { rows } = (begun as unknown as QueryResult<{ snapshot: string; at: Date }>[]).at(-1) ?? {
      rows: [],
    };
    const [first] = rows;
    if (!first) throw new Error('a snapshot gave no row');
    return { value, snapshot: { transactions: first.snapshot, at: first.at } };
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}
