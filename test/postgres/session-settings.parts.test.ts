import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { boundedTransaction } from '../../src/postgres/bounded-transaction.ts';
import { insertBatch } from '../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { readLedger } from '../../src/postgres/runs/read-ledger.ts';
import { readLastSuccess, readLatestRuns } from '../../src/postgres/runs/read-runs.ts';
import { createTestDatabase } from '../support/servers/test-database.ts';
import { batchToInsert, newIds, SENT_AT_MS } from './ingest/batch-to-insert.ts';

const SETTINGS = [
  `datestyle = 'SQL, DMY'`,
  `timezone = 'Asia/Kolkata'`,
  `intervalstyle = 'sql_standard'`,
  `bytea_output = 'escape'`,
  `default_transaction_isolation = 'serializable'`,
  'standard_conforming_strings = off',
  'backslash_quote = on',
  'extra_float_digits = -10',
];

test('no default of the database changes what is stored or read', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.remove());
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of SETTINGS)
    await database.pool.query(`alter database ${name} set ${setting}`);
  const pool = postgresPool({ connectionString: database.url }, { applicationName: 'test' });
  onTestFinished(() => pool.end());
  const batch = batchToInsert({
    rowIds: newIds(3),
    quarantineIds: newIds(1),
    originals: [['ip', '5c'.repeat(32)]],
  });
  expect(await insertBatch(pool, batch)).toMatchObject({ inserted: 3, quarantined: 1 });
  const { rows } = await pool.query(
    `select create_date::text as date, sent_at, sealed_value from user_logins, vault limit 1`,
  );
  expect(rows).toEqual([
    {
      date: '2026-11-22',
      sent_at: new Date(SENT_AT_MS),
      sealed_value: Buffer.from(`sealed ${'5c'.repeat(32)}`),
    },
  ]);
  const since = new Date(SENT_AT_MS - 1_000);
  const { runs } = await readLatestRuns(pool, { since, withEmpty: true, limit: 5 });
  expect(runs).toMatchObject([{ startedAt: new Date(SENT_AT_MS) }]);
  expect(await readLastSuccess(pool)).toBeNull();
  expect((await readLedger(pool, since)).runs).toMatchObject([
    { startedAt: new Date(SENT_AT_MS), rowsInUserLogins: 3, rowsInQuarantine: 1 },
  ]);
});

const TIMEOUTS = [
  'statement',
  'lock',
  'transaction',
  'idle_in_transaction_session',
  'idle_session',
].map((name) => `${name}_timeout`);

test('timeouts that another team sets for a role or the database do not cut a transaction short', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.remove());
  const name = new URL(database.url).pathname.slice(1);
  // Older servers lack some.
  const { rows: timeouts } = await database.pool.query<{ name: string }>(
    'select name from pg_settings where name = any($1)',
    [TIMEOUTS],
  );
  for (const timeout of timeouts) {
    await database.pool.query(`alter database ${name} set ${timeout.name} = '300ms'`);
  }
  const pool = postgresPool({ connectionString: database.url }, { applicationName: 'test' });
  onTestFinished(() => pool.end());
  const lockTimeout = await boundedTransaction(pool, 'select pg_sleep(0.5)', async (client) => {
    await setTimeout(400);
    const { rows } = await client.query<{ lock: string }>(
      `select current_setting('lock_timeout') as lock`,
    );
    return rows[0]?.lock;
  });
  expect(lockTimeout).toBe('5s');
  // The idle connection is closed by the server and replaced.
  if (timeouts.some((timeout) => timeout.name === 'idle_session_timeout')) {
    await expect.poll(() => pool.totalCount).toBe(0);
  }
  const batch = batchToInsert({ rowIds: newIds(3), quarantineIds: newIds(1) });
  expect(await insertBatch(pool, batch)).toMatchObject({ inserted: 3, quarantined: 1 });
});

test('a temporary table that was left on the connection does not come before ours', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.remove());
  const settings = { connectionString: database.url, max: 1 };
  const pool = postgresPool(settings, { applicationName: 'test' });
  onTestFinished(() => pool.end());
  const client = await pool.connect();
  for (const table of ['user_logins', 'quarantine', 'ingest_runs', 'ingest_batches', 'vault'])
    await client.query(`create temp table ${table} (like public.${table})`);
  client.release();
  const batch = batchToInsert({ rowIds: newIds(3), quarantineIds: newIds(1) });
  expect(await insertBatch(pool, batch)).toMatchObject({ inserted: 3, quarantined: 1 });
  const { rows } = await database.pool.query('select from public.user_logins');
  expect(rows).toHaveLength(3);
});

test.each(['own', '"$user", own'])(
  'tables in a schema of their own are found by the search_path of the role: %s',
  async (path) => {
    const database = await createTestDatabase({ migrated: false });
    onTestFinished(() => database.remove());
    const name = new URL(database.url).pathname.slice(1);
    await database.pool.query(
      `create schema own; alter database ${name} set search_path = ${path}`,
    );
    const pool = postgresPool({ connectionString: database.url }, { applicationName: 'test' });
    onTestFinished(() => pool.end());
    await migrate(pool);
    expect(await insertBatch(pool, batchToInsert({ rowIds: newIds(3) }))).toMatchObject({
      inserted: 3,
    });
    const { rows } = await database.pool.query(
      `select distinct schemaname as schema from pg_tables where tablename ~ '^(user_logins|ingest|vault)'`,
    );
    expect(rows).toEqual([{ schema: 'own' }]);
  },
);

test('a database of another encoding is refused before the first migration', async () => {
  const server = new pg.Client({ connectionString: inject('postgresUrl') });
  await server.connect();
  onTestFinished(async () => {
    await server.query('drop database if exists latin_one with (force)');
    await server.end();
  });
  await server.query(
    `create database latin_one encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'`,
  );
  const url = Object.assign(new URL(inject('postgresUrl')), { pathname: '/latin_one' }).href;
  const pool = postgresPool({ connectionString: url }, { applicationName: 'test' });
  onTestFinished(() => pool.end());
  await expect(migrate(pool)).rejects.toMatchObject({
    name: 'Problem',
    why: expect.stringContaining('LATIN1'),
    whatToDo: expect.stringContaining('UTF8'),
  });
  const { rows } = await pool.query(`select to_regclass('login_etl_migrations') as list`);
  expect(rows).toEqual([{ list: null }]);
});
