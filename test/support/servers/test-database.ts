import { inject } from 'vitest';
import { newDatabase, type TestDatabase } from './new-database.ts';

export type { TestDatabase };

/** A database of its own in the run's Postgres, or in another one. */
export const createTestDatabase = ({
  serverUrl = inject('postgresUrl'),
  ...options
}: Partial<Parameters<typeof newDatabase>[0]> = {}): Promise<TestDatabase> =>
  newDatabase({ serverUrl, ...options });
