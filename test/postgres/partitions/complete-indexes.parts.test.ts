import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { completeIndexes } from '../../../src/postgres/partitions/complete-indexes.ts';
import { migrate } from '../../../src/postgres/run-migrations.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds } from '../ingest/batch-to-insert.ts';
import { storeLogins } from '../login-rows.ts';

const MIGRATION = new URL('../../../migrations/0023_login_indexes.sql', import.meta.url);
const INDEXES = ['user_logins_user', 'user_logins_device', 'user_logins_ip'];
const stay = () => Promise.resolve();

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

/** As in a database whose rows came before the indexes. */
async function withoutIndexes(): Promise<void> {
  await storeLogins(database.pool, [{ daysAgo: 0 }, { daysAgo: 5_000 }]);
  await database.pool.query(`drop table login_etl_index_lock; drop index ${INDEXES.join(', ')}`);
  await database.pool.query(
    `set local role login_etl_migrator; ${await readFile(MIGRATION, 'utf8')}`,
  );
}

/** The indexes of the tables that are not complete in every partition. */
const incomplete = async () =>
  (
    await database.pool.query<{ name: string }>(`
      select indexrelid::regclass::text as name from pg_index join pg_class on pg_class.oid = indrelid
      where relname like 'user\\_logins%' and not indisvalid order by 1`)
  ).rows.map(({ name }) => name);

test('partitions with rows get their indexes one by one, and a second time there is nothing to build', async () => {
  await withoutIndexes();
  expect(await incomplete()).toEqual(INDEXES.toSorted());
  expect(await migrate(database.pool)).toMatchObject({ applied: [], indexesBuilt: 6 });
  expect(await incomplete()).toEqual([]);
  expect(await migrate(database.pool)).toMatchObject({ indexesBuilt: 0 });
});

test('a month that is made later gets the indexes with its partition', async () => {
  await database.pool.query(
    `set local role login_etl_migrator; select login_etl_make_partitions('2001-02-01', '2001-02-01')`,
  );
  expect(await migrate(database.pool)).toMatchObject({ indexesBuilt: 0 });
  const { rows } = await database.pool.query(
    `select count(*)::int as indexes from pg_index where indrelid = 'user_logins_2001_02'::regclass and indisvalid`,
  );
  expect(rows).toEqual([{ indexes: 4 }]);
});

test('a build that a transaction holds up is given up in time, holds up no insert, and goes on the next time', async () => {
  await withoutIndexes();
  // A build does not wait for transactions of other databases.
  const elsewhere = new Client({ connectionString: inject('postgresUrl') });
  await elsewhere.connect();
  await elsewhere.query('begin isolation level repeatable read; select 1');
  const older = await database.pool.connect();
  try {
    await older.query(
      'begin isolation level repeatable read; select 1; lock table user_logins in row exclusive mode',
    );
    const { rows } = await older.query<{ pid: number }>('select pg_backend_pid() as pid');
    const building = completeIndexes(database.pool, stay, 1_000);
    const refused = expect(building).rejects.toMatchObject({
      what: expect.stringMatching(/^index public\.user_logins_\w+ was not built$/),
      why: expect.stringContaining(`session ${rows[0]?.pid} has kept a transaction open`),
    });
    for (let insert = 0; insert < 5; insert += 1) {
      expect(await insertBatch(database.pool, batchToInsert({ rowIds: newIds(2) }))).toMatchObject({
        inserted: 2,
      });
    }
    await refused;
    // Postgres leaves an index that was not finished.
    expect(await incomplete()).toHaveLength(4);
  } finally {
    await older.query('rollback');
    older.release();
    await elsewhere.end();
  }
  const results = await Promise.all([1, 2].map(() => migrate(database.pool)));
  expect(results.reduce((sum, { indexesBuilt }) => sum + indexesBuilt, 0)).toBe(6);
  expect(await incomplete()).toEqual([]);
});
