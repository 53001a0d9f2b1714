import pg, { type Pool } from 'pg';
import type { Config } from '../../config/config.ts';
import { connectOrExplain } from '../../errors/connect-or-explain.ts';
import { Problem } from '../../errors/problem.ts';
import { postgresPool } from '../../postgres/pool.ts';

/** What reads a large table takes its time, and so does a reader that pages through it. */
const READ_TIMEOUT_MS = 30 * 60_000;

/** For commands that read user_logins and nothing else: the role may be one that sees no other table. */
export async function withAnalystPool<T>(
  settings: Config['postgres'],
  applicationName: string,
  act: (pool: Pool) => Promise<T>,
): Promise<T> {
  const pool = postgresPool(
    {
      ...settings,
      max: 1,
      statement_timeout: READ_TIMEOUT_MS,
      query_timeout: READ_TIMEOUT_MS,
      idle_in_transaction_session_timeout: READ_TIMEOUT_MS,
    },
    { applicationName },
  );
  try {
    return await connectOrExplain('Postgres', 'Check DATABASE_URL.', () =>
      act(pool).catch((error: unknown) => {
        throw readProblem(error) ?? error;
      }),
    );
  } finally {
    await pool.end();
  }
}

const UNDEFINED_TABLE = '42P01';
const INSUFFICIENT_PRIVILEGE = '42501';

/** What a person can do about it, where it is the role or the database that does not fit. */
function readProblem(error: unknown): Problem | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  if (error.code === INSUFFICIENT_PRIVILEGE) {
    return new Problem(
      'the rows cannot be read',
      'the role may not read user_logins (42501)',
      'Set DATABASE_URL to a role that may: the analyst’s, not the worker’s.',
    );
  }
  if (error.code === UNDEFINED_TABLE) {
    return new Problem(
      'the rows cannot be read',
      'there is no table user_logins (42P01)',
      'Check the database in DATABASE_URL, or run `login-etl migrate`.',
    );
  }
  return undefined;
}
