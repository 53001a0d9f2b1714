import type { Pool } from 'pg';
import { test as everyVersion, expect, inject, onTestFinished } from 'vitest';
import { withPostgresClient } from '../../../src/local/postgres/postgres-connection.ts';
import {
  type Adoption,
  adoptTable,
  type OnProgress,
  planAdoption,
  surveyRows,
} from '../../../src/postgres/adopt/adopt-table.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { hasForeignTable, migrate } from '../../../src/postgres/run-migrations.ts';
import { addOldLogins, differences, OLD_TABLE } from '../../support/data/old-logins.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { createTestRole } from '../../support/servers/test-role.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';

const ROWS = 10_000;
const version = await withPostgresClient(inject('postgresUrl'), async (client) => {
  const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
  return Number(rows[0]?.server_version_num);
});
const MIN_VERSION = 140_000;
const test = everyVersion.skipIf(version < MIN_VERSION);
const nothing: OnProgress = () => undefined;

async function newDatabase(...statements: string[]): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false });
  onTestFinished(() => database.remove());
  for (const statement of statements) await database.pool.query(statement);
  return database;
}

async function databaseWithRows(rows = ROWS): Promise<TestDatabase> {
  const database = await newDatabase(OLD_TABLE);
  await addOldLogins(database.pool, rows);
  return database;
}

async function adopt(
  pool: Pool,
  { pagesPerBatch = 16, onProgress = nothing } = {},
): Promise<Adoption> {
  const plan = await planAdoption(pool);
  const counts = await surveyRows(pool, plan, onProgress);
  return adoptTable(pool, plan, counts, { pagesPerBatch, onProgress });
}

async function one<T>(pool: Pool, query: string): Promise<T> {
  const { rows } = await pool.query<{ one: T }>(`select (${query}) as one`);
  return rows[0]?.one as T;
}

/** Two sums of the ledger's row for the adoption, and of what is there. */
async function ledgerAndTable(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    select (select inserted::int from ingest_runs), (select sum(inserted)::int from ingest_batches) as batches,
      (select count(*)::int from user_logins) as rows`);
  return rows;
}

everyVersion.skipIf(version >= MIN_VERSION)(
  'Postgres 13 is refused by its version, before anything is changed',
  async () => {
    const { pool } = await newDatabase(OLD_TABLE);
    await expect(adopt(pool)).rejects.toThrow('this needs Postgres 14 or later');
    expect(await one<boolean>(pool, "to_regclass('ingest_runs') is null")).toBe(true);
  },
);

test('an adoption that fails at any of its transactions goes on where it was', async () => {
  const { pool } = await databaseWithRows(2_000);
  const failAfter = (transactions: number): Pool => {
    let left = transactions;
    const failing = postgresPool(
      { connectionString: pool.options.connectionString },
      { applicationName: 'test' },
    );
    onTestFinished(() => failing.end());
    const connect = failing.connect.bind(failing) as () => ReturnType<Pool['connect']>;
    failing.connect = (() => {
      left -= 1;
      if (left < 0) throw new Error('interrupted');
      return connect();
    }) as Pool['connect'];
    return failing;
  };
  let interrupted = 0;
  for (;;) {
    const before = await one<number>(pool, 'select count(*)::int from user_logins');
    expect(before).toBe(2_000);
    try {
      // More each time, so that each of its transactions is the one that fails at some time.
      await adopt(failAfter(interrupted + 1), { pagesPerBatch: 4 });
      break;
    } catch (error) {
      if ((error as Error).message !== 'interrupted') throw error;
      interrupted += 1;
    }
  }
  expect(interrupted).toBeGreaterThan(20);
  expect(await differences(pool)).toEqual([]);
  expect(await migrate(pool)).toMatchObject({ applied: [] });
});

test('what others insert, change and delete meanwhile is in the new table, each row once', async () => {
  const { pool } = await databaseWithRows();
  // Room for new rows between the old ones.
  await pool.query(`delete from user_logins where locale is null and user_id like '%1'`);
  const writers = [1, 2].map(async (writer) => {
    for (let n = 0; ; n += 1) {
      try {
        // One transaction: after the last step the insert fails, and so nothing is changed in the new table.
        await pool.query(`
          insert into user_logins (create_date, user_id, device_type, masked_ip, masked_device_id, app_version)
          values (now(), 'writer-${writer}-${n}', 'ios', repeat('a', 64), repeat('b', 64), '1');
          update user_logins set app_version = 'changed' where user_id = 'user-${(n * 7) % 5000}';
          delete from user_logins where user_id in ('user-${(n * 11) % 5000}', 'writer-${writer}-${n - 2}')`);
      } catch (error) {
        // Its rows have no message_id.
        if ((error as { code?: string }).code === '23502') return n;
        throw error;
      }
    }
  });
  const adoption = await adopt(pool, { pagesPerBatch: 4 });
  const written = await Promise.all(writers);
  expect(Math.min(...written)).toBeGreaterThan(3);
  expect(await differences(pool)).toEqual([]);
  expect(await ledgerAndTable(pool)).toEqual([
    { inserted: adoption.rows, batches: adoption.rows, rows: adoption.rows },
  ]);
}, 180_000);

test('a reader that keeps a lock holds the last step up, not the copying, and is not ended', async () => {
  const { pool } = await databaseWithRows(2_000);
  const plan = await planAdoption(pool);
  const counts = await surveyRows(pool, plan, nothing);
  // The rehearsal needs the lock for a moment, so the reader comes after it.
  const reader = await pool.connect();
  let begun: Promise<unknown> | undefined;
  let released = false;
  const adopted = adoptTable(pool, plan, counts, {
    pagesPerBatch: 4,
    onProgress: () => {
      begun ??= reader.query('begin; select count(*) from user_logins');
    },
  }).then((adoption) => ({ adoption, released }));
  try {
    await expect
      .poll(() => waitingSessions(pool, { table: 'user_logins' }), {
        timeout: 30_000,
        interval: 20,
      })
      .toBe(1);
    await begun;
    expect(await one(pool, 'select count(*)::int from user_logins')).toBe(2_000);
    released = true;
    await reader.query('commit');
  } finally {
    reader.release();
  }
  const { adoption, released: first } = await adopted;
  expect(first).toBe(true);
  expect(adoption.rows + adoption.setAside).toBe(2_000);
  expect(await differences(pool)).toEqual([]);
});

test('a table that was rewritten while it was copied is copied from the beginning', async () => {
  const { pool } = await databaseWithRows();
  const plan = await planAdoption(pool);
  const counts = await surveyRows(pool, plan, nothing);
  let rewritten: Promise<unknown> | undefined;
  const refused = adoptTable(pool, plan, counts, {
    pagesPerBatch: 4,
    onProgress: () => {
      rewritten ??= pool
        .query(`delete from user_logins where user_id like '%1'`)
        .then(() => pool.query('alter table user_logins alter batch type text using batch::text'));
    },
  });
  await expect(refused).rejects.toThrow(/was rewritten or got other columns/);
  await rewritten;
  await adopt(pool);
  expect(await differences(pool)).toEqual([]);
  expect(await ledgerAndTable(pool)).toMatchObject([{ inserted: expect.any(Number) }]);
});

test('a table of another owner in another schema is adopted there, by its owner, who is no superuser', async () => {
  const database = await newDatabase('create schema web_shop');
  const role = await createTestRole(database, [
    `create on database ${new URL(database.url).pathname.slice(1)}`,
    'usage, create on schema web_shop',
  ]);
  onTestFinished(async () => {
    await database.pool.query('drop owned by login_etl_migrator cascade');
    await role.remove();
  });
  const name = new URL(role.url).username;
  await database.pool.query(
    `alter role ${name} createrole; alter role ${name} set search_path = web_shop`,
  );
  await database.pool
    .query(`grant login_etl_migrator to ${name}; alter schema web_shop owner to ${name}`)
    .catch(() => undefined);
  const pool = postgresPool({ connectionString: role.url }, { applicationName: 'test' });
  onTestFinished(() => pool.end());
  await pool.query(OLD_TABLE);
  await addOldLogins(pool, 500);
  await pool.query(`create view shown as select user_id from user_logins`);
  await adopt(pool);
  expect(await differences(pool)).toEqual([]);
  expect(
    await one(
      pool,
      `select string_agg(distinct schemaname, ',') from pg_tables where tablename like 'user_logins%'`,
    ),
  ).toBe('web_shop');
  expect(await one(pool, `select count(*)::int from shown`)).toBe(
    await one(pool, 'select count(*)::int from user_logins'),
  );
  expect(
    await one(
      pool,
      `select string_agg(distinct proname, ',') from pg_proc, unnest(proconfig) as setting where setting like '%adopts%'`,
    ),
  ).toBeNull();
  expect(await migrate(pool)).toMatchObject({ applied: [] });
});

test.each([
  [
    'a view in its place',
    'alter table user_logins rename to kept; create view user_logins as select * from kept',
    'not a plain table',
  ],
  [
    'a column of another type',
    'alter table user_logins alter create_date type text',
    'column create_date has the type text',
  ],
  ['a column that is missing', 'alter table user_logins drop locale', 'column locale is missing'],
  [
    'a column with the name of one of ours',
    'alter table user_logins add message_id text',
    'a column message_id of its own',
  ],
  [
    'a materialized view',
    'create materialized view counted as select count(*) from user_logins',
    'materialized view public.counted',
  ],
  [
    'a materialized view on a view',
    'create view v as select user_id from user_logins; create materialized view counted as select * from v',
    'materialized view public.counted',
  ],
  [
    'a foreign key to it',
    'alter table user_logins add unique (batch); create table other (batch uuid references user_logins (batch))',
    'other_batch_fkey',
  ],
  [
    'a foreign key from it',
    'create table batches (batch uuid primary key); alter table user_logins add foreign key (batch) references batches',
    'user_logins_batch_fkey',
  ],
  [
    'a trigger',
    'create trigger unchanged before update on user_logins for each row execute function suppress_redundant_updates_trigger()',
    'trigger unchanged',
  ],
  ['a rule', 'create rule kept as on delete to user_logins do instead nothing', 'rule kept'],
  ['a publication', 'create publication sent for table user_logins', 'publication sent'],
  ['a publication of all tables', 'create publication sent for all tables', 'publication sent'],
  ['a policy', 'create policy own on user_logins using (true)', 'policy own'],
  ['row-level security', 'alter table user_logins enable row level security', 'row-level security'],
  ['a child table', 'create table child () inherits (user_logins)', 'table public.child'],
  [
    'a parent table',
    'create table parent (user_id text); alter table user_logins inherit parent',
    'inherits from public.parent',
  ],
  [
    'a function of its row type',
    `create function first(user_logins) returns text language sql as $$select 'x'$$`,
    'function public.first',
  ],
  [
    'a function that reads it',
    'create function counted() returns bigint language sql begin atomic select count(*) from user_logins; end',
    'function public.counted',
  ],
  ['a column of its row type', 'create table pairs (login user_logins)', 'pairs'],
  [
    'a trigger on a view of it',
    'create view v as select user_id from user_logins; create function f() returns trigger language plpgsql as $$begin return new; end$$; create trigger t instead of insert on v for each row execute function f()',
    'trigger t',
  ],
  [
    'a table with the name of one of ours',
    'create table quarantine (id int)',
    'public.quarantine is there already',
  ],
  [
    'a table with the name of a partition',
    'create table user_logins_2024_01 (id int)',
    'public.user_logins_2024_01 is there already',
  ],
])('%s is refused by name, before anything is changed', async (_, statement, named) => {
  const { pool } = await newDatabase(OLD_TABLE, statement);
  await expect(planAdoption(pool)).rejects.toMatchObject({
    name: 'Problem',
    why: expect.stringContaining(named),
    whatToDo: expect.stringContaining('Nothing was changed'),
  });
  expect(await hasForeignTable(pool)).toBe(true);
});

test('a view that the new table has no types for is named before rows are copied', async () => {
  const { pool } = await newDatabase(
    OLD_TABLE,
    'alter table user_logins alter user_id type uuid using user_id::uuid',
    `create view mine as select * from user_logins where user_id = '00000000-0000-0000-0000-000000000001'::uuid`,
  );
  await expect(adopt(pool)).rejects.toMatchObject({
    what: expect.stringContaining('view public.mine cannot be created'),
    why: expect.stringContaining('42883'),
  });
  expect(await one(pool, 'select count(*)::int from mine')).toBe(0);
});

test('rows whose values do not fit are set aside with each of their reasons', async () => {
  const { pool } = await newDatabase(OLD_TABLE);
  await pool.query(`
    insert into user_logins (create_date, user_id, device_type, masked_ip, masked_device_id, app_version) values
      ('2026-01-01', repeat('u', 129), 'd', repeat('a', 257), 'b', '1'),
      ('2026-01-01', 'u', 'd', '10.0.0.1', 'b', '1'),
      ('2026-01-01', 'u', 'd', '2001:db8::1', 'b', '1'),
      ('0202-01-01', 'u', 'd', 'a', 'b', '1'),
      ('infinity', 'u', 'd', 'a', 'b', '1'),
      ('2026-01-31 23:30', 'u', 'd', 'a', 'b', '1')`);
  expect(await adopt(pool)).toMatchObject({ rows: 1, setAside: 5 });
  const { rows } = await pool.query<{ reasons: string[] }>(
    'select login_etl_reasons as reasons from user_logins_set_aside order by ctid',
  );
  expect(rows.map(({ reasons }) => reasons.join(', '))).toEqual([
    'user_id has more than 128 characters, masked_ip has more than 256 characters',
    'masked_ip is not masked',
    'masked_ip is not masked',
    'create_date is before 1970 or after 2199',
    'create_date is before 1970 or after 2199',
  ]);
});

test('an empty table is adopted', async () => {
  const { pool } = await newDatabase(OLD_TABLE);
  expect(await adopt(pool)).toMatchObject({ rows: 0, setAside: 0 });
  expect(await hasForeignTable(pool)).toBe(false);
});
