import type { Pool, PoolClient } from 'pg';
import { localSettings } from './session-settings.ts';

/** Runs `act` in a transaction. A connection is discarded after any failure. */
export async function inTransaction<T>(
  pool: Pool,
  begin: string,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection lost between two queries would end the process.
  const ignore = () => undefined;
  client.on('error', ignore);
  let failed = true;
  try {
    await client.query(`${begin}; ${localSettings(pool)}`);
    const result = await act(client);
    await client.query('commit');
    failed = false;
    return result;
  } finally {
    client.off('error', ignore);
    client.release(failed);
  }
}
