import type { Command } from 'commander';
import type { Pool, PoolConfig } from 'pg';
import type { Config } from '../../config/config.ts';
import { checkDatabase } from '../../postgres/check-database.ts';
import { postgresPool } from '../../postgres/pool.ts';
import { REACH_TIMEOUT_MS } from './answer-within.ts';
import { databaseProblem, isDatabaseError } from './database-problem.ts';
import { commandPath, neededUser } from './needed-user.ts';

/** Longer than a worker's statements: a command may read every row, and a reader may page through them. */
const READ_TIMEOUT_MS = 30 * 60_000;
const PATIENT: PoolConfig = {
  connectionTimeoutMillis: REACH_TIMEOUT_MS,
  statement_timeout: READ_TIMEOUT_MS,
  query_timeout: READ_TIMEOUT_MS,
  idle_in_transaction_session_timeout: READ_TIMEOUT_MS,
};

type Options = {
  /** False for a role that may not see the migrations, and for what applies them. */
  migrated?: boolean;
  /** Refuses statements that write. */
  readOnly?: boolean;
  limits?: PoolConfig;
};

/** Opens the database, checks that it is migrated, acts on it, and closes it. */
export async function withDatabase<T>(
  command: Command,
  settings: Config['postgres'],
  act: (pool: Pool) => Promise<T>,
  { migrated = true, readOnly = false, limits = PATIENT }: Options = {},
): Promise<T> {
  const path = commandPath(command);
  const context = { command: path, settings, user: neededUser(command) };
  const applicationName = `login-etl ${path}`;
  const pool = postgresPool({ ...limits, ...settings }, { applicationName, readOnly });
  try {
    await check(pool, migrated).catch((error: unknown) => {
      throw databaseProblem(error, context);
    });
    return await act(pool).catch((error: unknown) => {
      throw isDatabaseError(error) ? databaseProblem(error, context) : error;
    });
  } finally {
    await pool.end();
  }
}

async function check(pool: Pool, migrated: boolean): Promise<void> {
  if (migrated) await checkDatabase(pool);
  else (await pool.connect()).release();
}
