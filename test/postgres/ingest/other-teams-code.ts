import { afterAll, afterEach, beforeAll } from 'vitest';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

/** A database for the tests of a file, in which they change what another team might change. */
export function changedDatabase() {
  let undo: string[] = [];
  const parts = {} as TestDatabase & { worker: TestDatabase['pool'] };

  beforeAll(async () => {
    Object.assign(parts, await createTestDatabase());
    parts.worker = postgresPool(
      { connectionString: parts.urls.worker },
      { applicationName: 'worker' },
    );
  });
  afterEach(async () => {
    for (const statement of undo.splice(0)) await parts.pool.query(statement);
    await parts.pool.query(
      'truncate user_logins, quarantine, vault, vault_data_keys, ingest_runs, ingest_batches',
    );
  });
  afterAll(async () => {
    await parts.worker?.end();
    await parts.remove?.();
  });

  async function change(statement: string, ...toUndo: string[]): Promise<void> {
    undo = toUndo;
    await parts.pool.query(statement);
  }

  return {
    parts,
    change,
    /** A trigger on a table, run before each row that goes in. */
    addTrigger: (table: string, body: string) =>
      change(
        `create function meddle() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
         create trigger meddle before insert on ${table} for each row execute function meddle()`,
        'drop function meddle cascade',
      ),
    idsIn: async (table: string): Promise<string[]> =>
      (
        await parts.pool.query<{ id: string }>(`select message_id as id from ${table} order by 1`)
      ).rows.map(({ id }) => id),
  };
}
