import pg, { type Pool } from 'pg';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { makeMonths } from '../../../src/postgres/partitions/make-months.ts';
import { moveDefaultRows } from '../../../src/postgres/partitions/move-default-rows.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';
import { batchToInsert, newIds } from '../ingest/batch-to-insert.ts';
import { partitionsOf, withoutPartition } from './default-partition.ts';

let database: TestDatabase;
let worker: Pool;
const databases: TestDatabase[] = [];
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  databases.push(database);
  worker = postgresPool({ connectionString: database.urls.worker }, { applicationName: 'test' });
  ends.push(() => worker.end());
  await withoutPartition(database.pool, MONTH);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  for (const each of databases) await each.remove();
});

const NOW = new Date();
const MONTH = NOW.toISOString().slice(0, 7);
const PARTITION = `user_logins_${MONTH.replace('-', '_')}`;

const insert = (ids: readonly string[], sentAtMs = NOW.getTime()) =>
  insertBatch(worker, batchToInsert({ rowIds: ids, sentAtMs }));

async function session(connectionString = database.url): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  ends.push(() => client.end());
  return client;
}

const count = async (where = 'true') =>
  (
    await database.pool.query<{ rows: number }>(
      `select count(*)::int as rows from user_logins where ${where}`,
    )
  ).rows[0]?.rows;

test('rows of the default partition go to a partition of their month, and the month is made', async () => {
  const ids = newIds(250);
  await insert(ids);
  const farAhead = newIds(3);
  await insert(farAhead, NOW.getTime() + 600 * 86_400_000);
  expect(await makeMonths(worker)).toEqual({ made: 0, missing: [MONTH] });
  expect(await moveDefaultRows(worker, { rowsPerSlice: 40 })).toBe(253);
  const parts = await partitionsOf(database.pool);
  expect(parts).toEqual({
    [PARTITION]: 250,
    [Object.keys(parts).find((name) => name !== PARTITION) ?? '']: 3,
  });
  expect(parts).not.toHaveProperty('user_logins_default');
  expect(await makeMonths(worker)).toEqual({ made: 0, missing: [] });
  // The same messages again are duplicates, and the next row of the month goes to its partition.
  expect(await insert(ids)).toMatchObject({ inserted: 0, duplicates: 250 });
  await insert(newIds(1));
  expect(await partitionsOf(database.pool)).toMatchObject({ [PARTITION]: 251 });
  // Nothing of the move is left, and a month nobody has is caught as before.
  const { rows } = await database.pool.query(
    `select relname from pg_class where relname like 'user_logins_moving%' or relname = 'user_logins_default_next'`,
  );
  expect(rows).toEqual([]);
  await insert(newIds(2), NOW.getTime() + 1_000 * 86_400_000);
  expect(await partitionsOf(database.pool)).toMatchObject({ user_logins_default: 2 });
});

test('what is inserted, changed and deleted while rows are copied is as it was left', async () => {
  const ids = newIds(120);
  await insert(ids);
  const between = newIds(30);
  let acted = false;
  await worker.query('select login_etl_begin_move()');
  for (;;) {
    const { rows } = await worker.query<{ rows: string }>(
      'select login_etl_copy_slice(50) as rows',
    );
    if (!acted) {
      acted = true;
      await insert([...between, ...ids.slice(0, 10)]);
      await database.pool.query(`update user_logins set locale = 'XX' where message_id = any($1)`, [
        ids,
      ]);
      await database.pool.query(`delete from user_logins where message_id = $1`, [ids[5]]);
    }
    if (rows[0]?.rows === '0') break;
  }
  expect(await moveDefaultRows(worker)).toBeGreaterThan(0);
  expect(await partitionsOf(database.pool)).toEqual({ [PARTITION]: 149 });
  expect(await count(`locale = 'XX'`)).toBe(119);
});

test('an insert of a message that is being moved is a duplicate, before and after', async () => {
  const ids = newIds(60);
  await insert(ids);
  await worker.query('select login_etl_begin_move()');
  await worker.query('select login_etl_copy_slice(30)');
  expect(await insert(ids)).toMatchObject({ inserted: 0, duplicates: 60 });
  await moveDefaultRows(worker);
  expect(await insert(ids)).toMatchObject({ inserted: 0, duplicates: 60 });
  expect(await count()).toBe(60);
});

test('a move goes on where another stopped, and starts again after the table got a column', async () => {
  await insert(newIds(60));
  await worker.query('select login_etl_begin_move()');
  await worker.query('select login_etl_copy_slice(50)');
  await database.pool.query('alter table user_logins add column country text');
  await database.pool.query(`update user_logins set country = 'DE'`);
  await expect(worker.query('select login_etl_copy_slice(50)')).rejects.toMatchObject({
    code: '55000',
  });
  expect(await moveDefaultRows(worker, { rowsPerSlice: 25 })).toBe(60);
  expect(await count(`country = 'DE'`)).toBe(60);
});

test('rows that were truncated meanwhile do not come back', async () => {
  await insert(newIds(60));
  await worker.query('select login_etl_begin_move()');
  await worker.query('select login_etl_copy_slice(100)');
  await database.pool.query('truncate user_logins');
  expect(await moveDefaultRows(worker)).toBe(0);
  expect(await count()).toBe(0);
});

// pg_partman#796: maintenance locked the default partition first, a reader the table.
test('a reader that has the default partition and then reads the table is not in a deadlock', async () => {
  await insert(newIds(10));
  const reader = await session();
  await reader.query('begin; select from user_logins_default');
  const moving = moveDefaultRows(worker);
  await untilOneWaits();
  await reader.query('select count(*) from user_logins');
  await reader.query('commit');
  expect(await moving).toBe(10);
});

// pg_partman#876: ATTACH read the whole default partition under its lock.
test('neither the default partition nor the moved rows are read while the table is locked', async () => {
  await insert(newIds(200));
  await worker.query('select login_etl_begin_move()');
  await worker.query('select login_etl_copy_slice(1000)');
  await worker.query('select login_etl_copy_slice(1000)');
  const scans = `
    select coalesce(sum(seq_tup_read), 0)::int as read from pg_stat_xact_all_tables
    where relname in ('user_logins_default', '${PARTITION}')`;
  const client = await worker.connect();
  ends.push(async () => client.release(true));
  await client.query('begin');
  expect((await client.query('select login_etl_finish_move() as moved')).rows).toEqual([
    { moved: '200' },
  ]);
  expect((await client.query(scans)).rows).toEqual([{ read: 0 }]);
  await client.query('commit');
});

test('an analyst who reads the table delays the move, and no insert for more than a second', async () => {
  await insert(newIds(10));
  const analyst = await session(database.urls.analyst);
  await analyst.query('begin; select count(*) from user_logins');
  const moving = moveDefaultRows(worker);
  let slowest = 0;
  for (let round = 0; round < 20; round += 1) {
    const startedAt = Date.now();
    await insert(newIds(1));
    slowest = Math.max(slowest, Date.now() - startedAt);
  }
  expect(slowest).toBeLessThan(1_500);
  await analyst.query('commit');
  await moving;
  expect(await partitionsOf(database.pool)).toMatchObject({ [PARTITION]: 30 });
});

test('views, grants, triggers and indexes hold on moved partitions', async () => {
  const owner = database.pool;
  await owner.query('create table seen (message_id text)');
  await owner.query(`
    create function note() returns trigger language plpgsql security definer as $$
    begin insert into public.seen values (new.message_id); return new; end $$`);
  await owner.query(
    'create trigger note after insert on user_logins for each row execute function note()',
  );
  await owner.query('create index on user_logins (user_id)');
  await owner.query('create view recent as select user_id, locale from user_logins');
  await owner.query('grant select on recent to login_etl_analyst');
  await insert(newIds(20));
  expect(await moveDefaultRows(worker)).toBe(20);
  await insert(newIds(5));
  const { rows } = await owner.query(
    `select (select count(*)::int from seen) as seen, (select count(*)::int from recent) as recent,
       (select count(*)::int from pg_index where indrelid = '${PARTITION}'::regclass) as indexes,
       (select count(*)::int from pg_index where indrelid = 'user_logins_default'::regclass) as default_indexes`,
  );
  expect(rows).toEqual([{ seen: 25, recent: 25, indexes: 5, default_indexes: 5 }]);
  const analyst = await session(database.urls.analyst);
  expect((await analyst.query('select from recent')).rowCount).toBe(25);
  expect((await analyst.query('select from user_logins')).rowCount).toBe(25);
  await expect(analyst.query(`select from ${PARTITION}`)).rejects.toMatchObject({ code: '42501' });
});

test('the worker makes no months out of bounds, and reads and drops nothing', async () => {
  for (const statement of [
    `select login_etl_make_month('1999-01-01')`,
    `select login_etl_make_month('2199-01-01')`,
    'select login_etl_copy_slice(0)',
    'select login_etl_finish_move()',
  ]) {
    await expect(worker.query(statement), statement).rejects.toMatchObject({
      code: expect.stringMatching(/^(22023|55000)$/),
    });
  }
  await insert(newIds(5));
  await worker.query('select login_etl_begin_move()');
  for (const statement of [
    'select from user_logins_moving',
    `select from ${PARTITION}`,
    'delete from partition_move',
    'drop table user_logins_moving',
  ]) {
    await expect(worker.query(statement), statement).rejects.toMatchObject({ code: '42501' });
  }
});

async function untilOneWaits(): Promise<void> {
  await expect
    .poll(() => waitingSessions(database.pool, { lockType: 'relation' }), {
      interval: 10,
      timeout: 5_000,
    })
    .toBeGreaterThan(0);
}
