import { afterAll, beforeAll, expect, test } from 'vitest';
import { readAuditCounts } from '../../../src/postgres/audit/read-audit-counts.ts';
import { readTableSizes } from '../../../src/postgres/logins/read-table-sizes.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

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

test('a large table is estimated over its partitions', async () => {
  await database.pool.query(`
    insert into user_logins (user_id, device_type, masked_ip, masked_device_id, app_version, create_date,
      message_id, mask_key_id, sent_at, run_id, batch_number)
    select 'user', 'web', repeat('a', 256), repeat('b', 256), '1', date '1999-01-01' + (n % 2) * 12000, n::text, 'k',
      now(), gen_random_uuid(), 1
    from generate_series(1, 40000) n;
    analyze user_logins`);
  const size = await sizeOf('user_logins');
  expect(size?.bytes).toBeGreaterThan(16 * 1024 * 1024);
  expect(size?.rows).toBe(40_000);
});

test('a table that may only be written is estimated', async () => {
  await database.pool.query(`
    insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
    select decode(to_char(n, 'FM0000'), 'hex'), 'ip', 'k', gen_random_uuid(), '' from generate_series(1, 70) n;
    analyze vault`);
  const sizes = await asNewRole<{ table: string; rows: number }[]>(
    'metrics_writer',
    'grant insert on vault to metrics_writer',
    readTableSizes,
  );
  expect(sizes.find(({ table }) => table === 'vault')?.rows).toBe(70);
});

test('audit records are counted by action, where there is a view and it may be read', async () => {
  expect(await readAuditCounts(database.pool)).toEqual([]);
  await database.pool.query(
    `insert into audit_log (action, reason) select 'reveal', 'case ' || n from generate_series(1, 4) n`,
  );
  expect(await readAuditCounts(database.pool)).toEqual([{ action: 'reveal', records: 4 }]);
  expect(await asNewRole('metrics_outsider', '', readAuditCounts)).toEqual([]);
});
