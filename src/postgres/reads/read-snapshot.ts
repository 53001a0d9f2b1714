import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { hasOwnProcess } from '../has-own-process.ts';
import { localSettings } from '../session-settings.ts';

const BEGIN = 'begin isolation level repeatable read, read only';
const SNAPSHOT = `pg_current_snapshot()::text as snapshot, now() as at, pg_backend_pid() as pid`;

/** Connections that are known to have a server process of their own. Behind a pooler the next transaction has another one. */
const direct = new WeakSet<PoolClient>();

const names = new Map<string, string>();

function nameOf(statement: string): string {
  const known = names.get(statement);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(statement).digest('base64url');
  names.set(statement, name);
  return name;
}

/** Plans each statement once: with many partitions that takes longer than most answers. */
const withPlans = (client: PoolClient) =>
  ({
    query: (text: string, values?: unknown[]) =>
      client.query({ name: nameOf(text), text, values: values ?? [] }),
  }) as PoolClient;

type Row = { snapshot: string; at: Date; pid: number };

/** What an answer was read from. */
type Snapshot = {
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
    const on = direct.has(client) ? withPlans(client) : client;
    const [, begun, value] = await Promise.all([
      client.query(BEGIN),
      on.query<Row>(`${localSettings(pool)}, ${SNAPSHOT}`),
      act(on),
    ]);
    await client.query('commit');
    failed = false;
    const [first] = begun.rows;
    if (!first) throw new Error('a snapshot gave no row');
    if (hasOwnProcess(client, first.pid)) direct.add(client);
    return { value, snapshot: { transactions: first.snapshot, at: first.at } };
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}
