import type { Pool } from 'pg';
import { Problem } from '../errors/problem.ts';
import { pendingMigrations } from './run-migrations.ts';

/** Checks, before any message is received, that the database answers and has all migrations of this build. */
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
