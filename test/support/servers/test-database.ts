import { inject } from 'vitest';
import { newDatabase, type TestDatabase } from './new-database.ts';

export type { TestDatabase };

/** Creates a database in the run's Postgres, or in another one. */
export function createTestDatabase({
  serverUrl = inject('postgresUrl'),
  migrated = true,
}: Partial<Parameters<typeof newDatabase>[0]> = {}): Promise<TestDatabase> {
  const copied = migrated && serverUrl === inject('postgresUrl');
  return newDatabase({
    serverUrl,
    migrated,
    template: copied ? inject('databaseTemplate') : undefined,
  });
}
