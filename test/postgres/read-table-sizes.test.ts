import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresPool } from '../../src/postgres/pool.ts';
import { readAuditCounts } from '../../src/postgres/read-audit-counts.ts';
import { readTableSizes } from '../../src/postgres/read-table-sizes.ts';
import { createTestDatabase, type TestDatabase } from '../stack/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    insert into ingest_runs (run_id, workflow_id, worker_build, started_at)
    select gen_random_uuid(), 'w', 'b', now() from generate_series(1, 3)`);
});
afterAll(() => database?.remove());

const sizeOf = async (table: string) =>
  (await readTableSizes(database.pool)).find((size) => size.table === table);

/** What a worker's role may see is not what the owner may. */
async function asNewRole<T>(
  name: string,
  grants: string,
  read: typeof readTableSizes | typeof readAuditCounts,
): Promise<T> {
  await database.pool.query(`create role ${name} login password 'x'; ${grants}`);
  const url = Object.assign(new URL(database.url), { username: name, password: 'x' });
  const pool = postgresPool({ connectionString: url.href }, { applicationName: 'test' });
  try {
    return (await read(pool)) as T;
  } finally {
    await pool.end();
    await database.pool.query(`drop owned by ${name}; drop role ${name}`);
  }
}

test('small tables are counted, also before Postgres has looked at them', async () => {
  expect(await sizeOf('ingest_runs')).toMatchObject({ rows: 3 });
  expect(await sizeOf('quarantine')).toMatchObject({ rows: 0 });
  expect((await sizeOf('user_logins'))?.bytes).toBeGreaterThan(0);
});

test('a table that is not there is left out, and found when it comes', async () => {
  expect(await sizeOf('vault')).toBeUndefined();
  await database.pool.query(`
    create table vault (month date) partition by range (month);
    create table vault_default partition of vault default;
    insert into vault select now() from generate_series(1, 7)`);
  expect(await sizeOf('vault')).toMatchObject({ rows: 7 });
});

test('a large table is estimated over its partitions', async () => {
  await database.pool.query(`
    alter table vault add column filler text;
    alter table vault_default alter column filler set storage external;
    insert into vault select now(), repeat('x', 4000) from generate_series(1, 5000);
    analyze vault_default;
    insert into vault select now() from generate_series(1, 10)`);
  const size = await sizeOf('vault');
  expect(size?.bytes).toBeGreaterThan(16 * 1024 * 1024);
  expect(size?.rows).toBe(5_007);
});

test('a table that may only be written is estimated', async () => {
  const sizes = await asNewRole<{ table: string; rows: number }[]>(
    'metrics_writer',
    'grant insert on vault to metrics_writer',
    readTableSizes,
  );
  expect(sizes.find(({ table }) => table === 'vault')?.rows).toBe(5_007);
});

test('audit records are counted by action, where there is a view and it may be read', async () => {
  expect(await readAuditCounts(database.pool)).toEqual([]);
  await database.pool.query(
    "create view audit_counts as select 'reveal' as action, 4::bigint as records, now() as last_at",
  );
  expect(await readAuditCounts(database.pool)).toEqual([{ action: 'reveal', records: 4 }]);
  expect(await asNewRole('metrics_outsider', '', readAuditCounts)).toEqual([]);
});
