import pg, { type Pool } from 'pg';
import type { Config } from '../../config/config.ts';
import { connectOrExplain } from '../../errors/connect-or-explain.ts';
import { Problem } from '../../errors/problem.ts';
import { checkDatabase } from '../../postgres/check-database.ts';
import { postgresPool } from '../../postgres/pool.ts';

/** Longer than a worker's statements: what is asked for may take a look at every row. */
const READ_TIMEOUT_MS = 30 * 60_000;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Opens the database, acts on it, and closes it. An error names its code, never a value. */
export async function withDatabase<T>(
  settings: Config['postgres'],
  command: string,
  act: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = postgresPool(
    { ...settings, statement_timeout: READ_TIMEOUT_MS, query_timeout: READ_TIMEOUT_MS },
    { applicationName: `login-etl ${command}` },
  );
  try {
    return await connectOrExplain('Postgres', 'Check DATABASE_URL.', async () => {
      await checkDatabase(pool);
      return act(pool).catch((error: unknown) => {
        throw isNotAllowed(error) ? notAllowed(`${command} was not done`) : error;
      });
    });
  } finally {
    await pool.end();
  }
}

export const isNotAllowed = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE;

export const notAllowed = (what: string): Problem =>
  new Problem(
    what,
    `the database role may not do it (${INSUFFICIENT_PRIVILEGE})`,
    'Set DATABASE_URL to a user in the role login_etl_custodian.',
  );
