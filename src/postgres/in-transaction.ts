import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { localSettings } from './session-settings.ts';

/** Behind a pooler the client does not know the number of its server's process. */
const SERVER_PROCESS = 'select pg_backend_pid() as pid';

const beginning = (pool: Pool, begin: string): string => `${begin}; ${localSettings(pool)}`;

/** Runs `act` in a transaction. */
export const inTransaction = <T>(
  pool: Pool,
  begin: string,
  act: (client: PoolClient, serverProcess: number) => Promise<T>,
): Promise<T> =>
  withClient(pool, async (client) => {
    const results = await client.query(`${beginning(pool, begin)}; ${SERVER_PROCESS}`);
    const { rows } = (results as unknown as QueryResult<{ pid: number }>[]).at(-1) ?? { rows: [] };
    const result = await act(client, rows[0]?.pid ?? 0);
    await client.query('commit');
    return result;
  });

/** Runs one statement as a transaction, all in one round trip: after an error the server rolls back instead of committing. */
export const queryInTransaction = (
  pool: Pool,
  begin: string,
  statement: string | QueryConfig,
  values?: unknown[],
): Promise<QueryResult> =>
  withClient(pool, async (client) => {
    const [, result] = await Promise.all([
      client.query(beginning(pool, begin)),
      client.query(statement, values),
      client.query('commit'),
    ]);
    return result;
  });

/** A connection is discarded after any failure. */
export async function withClient<T>(
  pool: Pool,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection lost between two queries would end the process.
  const ignore = () => undefined;
  client.on('error', ignore);
  let failed = true;
  try {
    const result = await act(client);
    failed = false;
    return result;
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}
