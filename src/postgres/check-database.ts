import type { Pool } from 'pg';
import { Problem } from '../errors/problem.ts';
import { pendingMigrations } from './run-migrations.ts';

/** Before any message is touched: the database answers and has the tables that this build expects. */
export async function checkDatabase(pool: Pool): Promise<void> {
  const pending = await pendingMigrations(pool);
  if (pending.length > 0) {
    throw new Problem(
      'the database is not ready',
      `${pending.length} migration(s) are not applied`,
      'Run `login-etl migrate`, then start again.',
    );
  }
}
