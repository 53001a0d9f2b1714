import { readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Problem } from '../../src/errors/problem.ts';
import { checkDatabase } from '../../src/postgres/check-database.ts';
import { insertBatch } from '../../src/postgres/ingest/insert-batch.ts';
import { migrate, pendingMigrations } from '../../src/postgres/run-migrations.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { batchToInsert, newIds } from './ingest/batch-to-insert.ts';

const FILES = (await readdir(new URL('../../migrations/', import.meta.url)))
  .filter((name) => name.endsWith('.sql'))
  .sort();

async function database({ migrated }: { migrated: boolean }): Promise<TestDatabase> {
  const made = await createTestDatabase({ migrated });
  onTestFinished(() => made.remove());
  return made;
}

/** Everything that a migration could have changed. */
async function schemaOf({ pool }: TestDatabase): Promise<unknown> {
  const { rows } = await pool.query(`
    select c.oid::text, c.relname, c.relkind, c.relowner, c.relacl::text, a.attname, a.atttypid::regtype::text, a.atttypmod, a.attnotnull
    from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace order by c.oid, a.attnum`);
  return rows;
}

test('a new database gets every migration, in order', async () => {
  const fresh = await database({ migrated: false });
  expect(await pendingMigrations(fresh.pool)).toEqual(FILES);
  expect(await migrate(fresh.pool)).toMatchObject({ applied: FILES });
  expect(await pendingMigrations(fresh.pool)).toEqual([]);
});

test('migrating again changes nothing', async () => {
  const made = await database({ migrated: true });
  const before = await schemaOf(made);
  expect(await migrate(made.pool)).toMatchObject({ applied: [], partitionsMade: 0 });
  expect(await schemaOf(made)).toEqual(before);
});

const notValidated = async ({ pool }: TestDatabase) =>
  (
    await pool.query(`
      select conrelid::regclass::text as table, conname from pg_constraint
      where contype = 'c' and not convalidated and connamespace = 'public'::regnamespace`)
  ).rows;

test('constraints that were added as not valid are validated, and rows from before them are reported', async () => {
  const made = await database({ migrated: true });
  expect(await notValidated(made)).toEqual([]);
  await made.pool.query('alter table user_logins drop constraint mask_key_id_is_key_id');
  const [id] = newIds(1) as [string];
  await insertBatch(made.pool, { ...batchToInsert({ rowIds: [id] }) });
  await made.pool.query(`
    update user_logins set mask_key_id = E'\\x1b[2J';
    alter table user_logins
      add constraint mask_key_id_is_key_id check (mask_key_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$') not valid`);
  // A validation that waits for a lock, or takes one that keeps inserts out, would hold up this transaction's insert.
  const inserting = await made.pool.connect();
  await inserting.query('begin');
  await inserting.query('lock table user_logins in row exclusive mode');
  const { brokenConstraints } = await migrate(made.pool);
  await inserting.query('rollback');
  inserting.release();
  expect(brokenConstraints).toEqual([
    { table: expect.stringMatching(/^user_logins_/), constraint: 'mask_key_id_is_key_id', rows: 1 },
  ]);
  await made.pool.query('delete from user_logins');
  expect(await migrate(made.pool)).toMatchObject({ brokenConstraints: [] });
  expect(await notValidated(made)).toEqual([]);
});

test('two that migrate at once take turns: each migration is applied once', async () => {
  const fresh = await database({ migrated: false });
  const results = await Promise.all([1, 2, 3, 4].map(() => migrate(fresh.pool)));
  expect(results.flatMap(({ applied }) => applied).toSorted()).toEqual(FILES);
});

test('the first seven columns of user_logins are what its consumers know', async () => {
  const { pool } = await database({ migrated: true });
  const { rows } = await pool.query(`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = 'user_logins'::regclass and attnum between 1 and 7 order by attnum`);
  expect(rows).toEqual([
    { name: 'user_id', type: 'character varying(128)' },
    { name: 'device_type', type: 'character varying(32)' },
    { name: 'masked_ip', type: 'character varying(256)' },
    { name: 'masked_device_id', type: 'character varying(256)' },
    { name: 'locale', type: 'character varying(32)' },
    { name: 'app_version', type: 'character varying(32)' },
    { name: 'create_date', type: 'date' },
  ]);
});

/** The partition that a row of this date goes to. */
async function partitionOf({ pool }: TestDatabase, sentAtMs: number): Promise<string> {
  const [id] = newIds(1) as [string];
  await insertBatch(pool, { ...batchToInsert({ rowIds: [id] }), sentAtMs: [sentAtMs] });
  const { rows } = await pool.query<{ partition: string }>(
    'select tableoid::regclass::text as partition from user_logins where message_id = $1',
    [id],
  );
  return rows[0]?.partition ?? 'none';
}

const nameOf = (date: Date) => `user_logins_${date.toISOString().slice(0, 7).replace('-', '_')}`;

test('there is a partition for each month from the last one to a year ahead, and a default one', async () => {
  const made = await database({ migrated: true });
  const now = new Date();
  const monthsFromNow = (months: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  for (const months of [-1, 0, 1, 12]) {
    const first = monthsFromNow(months);
    const last = new Date(monthsFromNow(months + 1).getTime() - 1);
    expect(await partitionOf(made, first.getTime())).toBe(nameOf(first));
    expect(await partitionOf(made, last.getTime())).toBe(nameOf(first));
  }
  expect(await partitionOf(made, Date.UTC(2001, 0, 1))).toBe('user_logins_default');
  expect(await partitionOf(made, monthsFromNow(14).getTime())).toBe('user_logins_default');
});

test('a month whose rows are in the default partition already stays there: making partitions does not fail', async () => {
  const made = await database({ migrated: true });
  const january = Date.UTC(2001, 0, 15);
  await partitionOf(made, january);
  const make = async (from: string, to: string) => {
    const { rows } = await made.pool.query<{ made: number }>(
      'select login_etl_make_partitions($1::date, $2::date) as made',
      [from, to],
    );
    return rows[0]?.made;
  };
  expect(await make('2001-01-20', '2001-03-10')).toBe(2);
  expect(await make('2001-01-20', '2001-03-10')).toBe(0);
  expect(await partitionOf(made, january)).toBe('user_logins_default');
  expect(await partitionOf(made, Date.UTC(2001, 1, 28))).toBe('user_logins_2001_02');
});

test('a user_logins that login-etl did not create is left alone, and the error names --adopt', async () => {
  const made = await database({ migrated: false });
  await made.pool.query(
    `create table user_logins (user_id text); insert into user_logins values ('kept')`,
  );
  await expect(migrate(made.pool)).rejects.toMatchObject({
    why: expect.stringContaining('user_logins is already there'),
    whatToDo: expect.stringContaining('--adopt'),
  });
  expect((await made.pool.query('select * from user_logins')).rows).toEqual([{ user_id: 'kept' }]);
  expect(await pendingMigrations(made.pool)).toEqual(FILES);
  const { rows } = await made.pool.query(`select to_regclass('login_etl_migrations') as list`);
  expect(rows).toEqual([{ list: null }]);
});

test('a migration that fails leaves nothing of itself, and can be done again', async () => {
  const made = await database({ migrated: false });
  await made.pool.query('create table quarantine ()');
  await expect(migrate(made.pool)).rejects.toMatchObject({ code: '42P07' });
  expect(await pendingMigrations(made.pool)).toEqual(FILES.slice(1));
  await made.pool.query('drop table quarantine');
  expect(await migrate(made.pool)).toMatchObject({ applied: FILES.slice(1) });
});

test('a database without its migrations is refused before anything is done with it', async () => {
  const made = await database({ migrated: false });
  const refused = checkDatabase(made.pool);
  await expect(refused).rejects.toThrow(Problem);
  await expect(refused).rejects.toThrow(/login-etl migrate/);
  await migrate(made.pool);
  await checkDatabase(made.pool);
});
