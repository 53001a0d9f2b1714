import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import {
  type Changes,
  readChanges,
  sayFollowing,
} from '../../../src/postgres/reads/follow-changes.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds } from '../ingest/batch-to-insert.ts';
import { storeLogins } from '../login-rows.ts';

let database: TestDatabase;
let last: Changes;

beforeAll(async () => {
  database = await createTestDatabase();
  await sayFollowing(database.pool);
});
afterAll(() => database?.remove());

async function next(): Promise<Changes> {
  last = await readChanges(database.pool, last?.transactions);
  return last;
}

beforeEach(async () => {
  await database.pool.query('delete from user_logins');
  await next();
});

const slots = async (...values: string[]) =>
  (
    await database.pool.query<{ slots: number[] }>(
      'select array_agg(login_etl_slot(value)) as slots from unnest($1::text[]) as value',
      [values],
    )
  ).rows[0]?.slots;

async function inTransaction(act: (client: PoolClient) => Promise<unknown>): Promise<void> {
  const client = await database.pool.connect();
  await client.query('begin');
  await act(client);
  await client.query('commit');
  client.release();
}

const today = new Date().toISOString().slice(0, 10);
const PARTITION = `user_logins_${today.slice(0, 7).replace('-', '_')}`;

test('an insert, an update and a delete each tell their days and slots, once', async () => {
  await storeLogins(database.pool, [{ userId: 'anna', maskedDeviceId: 'd1', maskedIp: 'i1' }]);
  expect((await next()).changes).toMatchObject([
    {
      days: [today],
      users: await slots('anna'),
      devices: await slots('d1'),
      ips: await slots('i1'),
    },
  ]);
  await database.pool.query(`update user_logins set masked_ip = 'i2'`);
  expect((await next()).changes).toMatchObject([{ ips: await slots('i1', 'i2') }]);
  await database.pool.query('delete from user_logins');
  expect((await next()).changes).toMatchObject([
    { users: await slots('anna'), ips: await slots('i2') },
  ]);
  expect((await next()).changes).toEqual([]);
  await database.pool.query('delete from user_logins');
  expect((await next()).changes).toEqual([]);
});

test('a partition that is changed directly tells it, too, also after the table in the same transaction', async () => {
  await storeLogins(database.pool, [{ userId: 'anna' }, { userId: 'ben' }]);
  await next();
  await inTransaction(async (client) => {
    await client.query(`update user_logins set locale = 'fr' where user_id = 'anna'`);
    await client.query(`update ${PARTITION} set locale = 'fr' where user_id = 'ben'`);
    await client.query(`delete from ${PARTITION} where user_id = 'anna'`);
  });
  const { changes } = await next();
  const anna = await slots('anna', 'anna');
  const [ben] = (await slots('ben')) ?? [];
  expect(changes.map(({ users }) => users)).toEqual([anna, [ben], [ben], anna?.slice(1)]);
});

test('a month that is made later tells its changes, too', async () => {
  await database.pool.query(
    `set local role login_etl_migrator; select login_etl_make_partitions('2001-02-01', '2001-02-01')`,
  );
  await next();
  await database.pool.query(`
    insert into user_logins_2001_02 values ('zoe', 'ios', 'i', 'd', null, '1', '2001-02-03', 'm-1', 'key-1', now(), now(),
      gen_random_uuid(), 1)`);
  expect((await next()).changes).toMatchObject([
    { days: ['2001-02-03'], users: await slots('zoe') },
  ]);
});

test('partitions that are truncated, attached or detached are noticed', async () => {
  for (const statement of [
    `truncate ${PARTITION}`,
    'alter table user_logins detach partition user_logins_2001_02',
    `alter table user_logins attach partition user_logins_2001_02 for values from ('2001-02-01') to ('2001-03-01')`,
    'drop table user_logins_2001_02',
  ]) {
    const { partitions } = last;
    await database.pool.query(statement);
    expect((await next()).partitions, statement).not.toBe(partitions);
  }
});

test('a transaction that began earlier and commits later is returned when it commits', async () => {
  const early = await database.pool.connect();
  await early.query('begin');
  await early.query(`
    insert into user_logins values ('early', 'ios', 'i', 'd', null, '1', '2001-02-03', 'm-2', 'key-1', now(), now(),
      gen_random_uuid(), 1)`);
  await storeLogins(database.pool, [{ userId: 'late' }]);
  expect((await next()).changes).toMatchObject([{ users: await slots('late') }]);
  await early.query('commit');
  early.release();
  expect((await next()).changes).toMatchObject([{ users: await slots('early') }]);
});

test('a worker that stores a batch needs no further right, and an erasure tells that caches have to go', async () => {
  const { postgresPool } = await import('../../../src/postgres/pool.ts');
  const worker = postgresPool(
    { connectionString: database.urls.worker },
    { applicationName: 'test' },
  );
  await insertBatch(worker, batchToInsert({ rowIds: newIds(3) }));
  await worker.end();
  expect((await next()).changes).toHaveLength(1);
  await database.pool.query(`insert into erased_values values ('\\x01', now())`);
  expect((await next()).changes).toMatchObject([{ purge: true, days: [] }]);
});

test('a statement that changes many rows, or one that nobody follows, tells its days only', async () => {
  const many = (rows: number) => `
    insert into user_logins select 'user', 'ios', 'i', 'd', null, '1', '2001-02-03', gen_random_uuid()::text, 'key-1', now(),
      now(), gen_random_uuid(), 1 from generate_series(1, ${rows})`;
  await database.pool.query(many(2_001));
  expect((await next()).changes).toMatchObject([
    { days: ['2001-02-03'], users: null, devices: null, ips: null },
  ]);
  await database.pool.query(`update login_changes_followed set at = now() - interval '16 minutes'`);
  await database.pool.query(many(1));
  expect((await next()).changes).toMatchObject([{ days: ['2001-02-03'], users: null }]);
});

test('changes that nobody needs any more are removed', async () => {
  await database.pool.query(`update login_changes set at = now() - interval '25 hours'`);
  await storeLogins(database.pool, [{}]);
  await database.pool.query('select login_etl_forget_changes()');
  const { rows } = await database.pool.query('select count(*)::int as left from login_changes');
  expect(rows).toEqual([{ left: 1 }]);
});
