import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { addOldLogins, differences, OLD_MONTHS, OLD_TABLE } from '../../support/data/old-logins.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { createTestRole, type TestRole } from '../../support/servers/test-role.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf, startLoginEtl } from '../login-etl.ts';
import { eachOnTerminal } from '../pseudo-terminal.ts';

const ROWS = 10_000;

async function databaseWithOldTable(rows: number): Promise<TestDatabase> {
  const database = await createTestDatabase({ migrated: false });
  await database.pool.query(OLD_TABLE);
  await addOldLogins(database.pool, rows);
  return database;
}

const one = async <T>({ pool }: TestDatabase, query: string): Promise<T> =>
  (await pool.query<{ one: T }>(`select (${query}) as one`)).rows[0]?.one as T;

describe('an existing user_logins of 10,000 rows', () => {
  let database: TestDatabase;
  let reader: TestRole;
  let viewOwner: TestRole;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await databaseWithOldTable(ROWS);
    const { pool } = database;
    reader = await createTestRole(database, ['select on user_logins', 'insert on user_logins']);
    viewOwner = await createTestRole(database, [
      'select (user_id, create_date) on user_logins',
      'usage, create on schema public',
    ]);
    const owner = new URL(viewOwner.url).username;
    const name = new URL(reader.url).username;
    await pool.query(`
      create view logins_by_day with (security_barrier=true) as
        select create_date::date as day, count(*) as logins from user_logins group by 1;
      comment on view logins_by_day is 'shown to the board';
      create view busy_days as select day from logins_by_day where logins > 1;
      create view user_days as select user_id, create_date from user_logins;
      alter view user_days owner to ${owner};
      grant select on busy_days to ${name};
      grant select on user_days to ${name};
      create index user_logins_pkey on user_logins (user_id)`);
    env = { DATABASE_URL: database.url };
  });
  afterAll(async () => {
    await database?.pool.query('drop view if exists user_days');
    await viewOwner?.remove();
    await reader?.remove();
    await database?.remove();
  });

  test('migrate without --adopt leaves it alone, and names --adopt', async () => {
    const { exitCode, stderr } = await loginEtl(env, ['migrate']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('a table user_logins is already there');
    expect(stderr).toContain('login-etl migrate --adopt --dry-run');
    expect(await one(database, `to_regclass('login_etl_migrations')::text`)).toBeNull();
  });

  test('--dry-run shows the plan in 80 columns, and changes nothing', async () => {
    const [shown = ''] = await eachOnTerminal(env, 80, [['migrate', '--adopt', '--dry-run']]);
    expect(shown).toContain('10,000');
    expect(shown).toMatch(/months +24/);
    expect(shown).toContain('10: user_id is null');
    expect(shown).toContain('10: create_date is null');
    expect(shown).toContain('public.busy_days');
    expect(shown).toContain(`select to ${new URL(reader.url).username}`);
    expect(shown).toMatch(/insert to .*: not kept/);
    expect(shown).toContain('batch uuid');
    expect(shown).toContain('index public.user_logins_pkey');
    expect(shown).toContain('cannot be revealed');
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(
      await one(database, `select count(*)::int from pg_namespace where nspname like 'login%'`),
    ).toBe(0);
  });

  test('--adopt copies each row once, into the partition of its month, and sets aside what has nulls', async () => {
    const { exitCode, stdout, stderr } = await loginEtl(env, ['migrate', '--adopt', '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ adoption: { rows: 9_980, setAside: 20 } });
    expect(await differences(database.pool)).toEqual([]);
    expect(await one(database, 'select count(*)::int from user_logins_default')).toBe(0);
    expect(await one(database, 'select count(distinct tableoid)::int from user_logins')).toBe(
      OLD_MONTHS,
    );
    expect(
      (
        await database.pool.query(
          'select reason, count(*)::int from user_logins_set_aside, unnest(login_etl_reasons) as reason group by 1 order by 1',
        )
      ).rows,
    ).toEqual([
      { reason: 'create_date is null', count: 10 },
      { reason: 'user_id is null', count: 10 },
    ]);
    expect(
      await one(
        database,
        `select bool_and(message_id like 'adopted-%' and mask_key_id = 'adopted') from user_logins`,
      ),
    ).toBe(true);
  });

  test('views, their owners, comments and grants follow; the right to write does not', async () => {
    const asReader = async (query: string) => {
      const client = new pg.Client({ connectionString: reader.url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(query)).rows;
      } finally {
        await client.end();
      }
    };
    expect(await asReader('select count(*)::int as days from busy_days')).toEqual([
      { days: OLD_MONTHS },
    ]);
    expect(await asReader('select count(*)::int as logins from user_days')).toEqual([
      { logins: 9_980 },
    ]);
    expect(await asReader('select count(*)::int as logins from user_logins')).toEqual([
      { logins: 9_980 },
    ]);
    await expect(asReader('delete from user_logins')).rejects.toThrow(/permission denied/);
    await expect(asReader('insert into user_logins (user_id) values (null)')).rejects.toThrow(
      /permission denied/,
    );
    expect(await one(database, `obj_description('logins_by_day'::regclass)`)).toBe(
      'shown to the board',
    );
    expect(
      await one(database, `select reloptions::text from pg_class where relname = 'logins_by_day'`),
    ).toBe('{security_barrier=true}');
    expect(
      await one(
        database,
        `select pg_get_userbyid(relowner) from pg_class where relname = 'user_days'`,
      ),
    ).toBe(new URL(viewOwner.url).username);
  });

  test.each(['7d', '400d', '9999d'])('reconcile --since %s adds up', async (since) => {
    const { exitCode, stdout } = await loginEtl(env, ['reconcile', '--since', since]);
    expect(stdout).toContain('everything adds up');
    expect(exitCode).toBe(0);
  });

  test('reconcile misses an adopted row that is deleted later', async () => {
    await database.pool.query(
      `create table moved as select * from user_logins order by message_id limit 1`,
    );
    await database.pool.query(
      'delete from user_logins where message_id in (select message_id from moved)',
    );
    try {
      const { exitCode, stdout } = await loginEtl(env, ['reconcile', '--since', '9999d']);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('missing from user_logins: 1');
    } finally {
      await database.pool.query('insert into user_logins select * from moved; drop table moved');
    }
  });

  test('keys list distinguishes adopted rows from rows of a lost key', async () => {
    const { maskingKeys } = keyFiles();
    const keys = jsonOf<object[]>(
      await loginEtl({ ...env, MASKING_KEYS: maskingKeys }, ['keys', 'list', '--json']),
    );
    expect(keys).toContainEqual(
      expect.objectContaining({ kind: 'masking', id: 'adopted', adopted: true, rows: 9_980 }),
    );
    const { stdout } = await loginEtl({ ...env, MASKING_KEYS: maskingKeys }, ['keys', 'list']);
    expect(stdout).toMatch(/adopted +no key/);
    expect(stdout).not.toContain('missing');
  });

  test('migrate changes nothing the second time, with and without --adopt', async () => {
    const nothing = { applied: [], partitionsMade: 0 };
    expect(jsonOf(await loginEtl(env, ['migrate', '--json']))).toMatchObject(nothing);
    const again = await loginEtl(env, ['migrate', '--adopt', '--json']);
    expect(again.stderr).toContain('it belongs to login-etl');
    expect(jsonOf(again)).toMatchObject(nothing);
  });
});

function keyFiles() {
  const id = '2026-11';
  const maskingKeys = JSON.stringify({
    active: id,
    keys: { [id]: randomBytes(32).toString('base64') },
  });
  return { maskingKeys };
}

test('an adoption that was killed while copying continues where it stopped, and the table is unchanged until the end', async () => {
  const database = await databaseWithOldTable(ROWS);
  onTestFinished(() => database.remove());
  const env = { DATABASE_URL: database.url };
  const killed = startLoginEtl(env, ['migrate', '--adopt', '--batch-pages', '1']);
  const oid = await one<string>(database, `'user_logins'::regclass::oid::text`);
  const ranges = `login_etl_adopts_${oid}.adoption_ranges`;
  await expect
    .poll(() => one<number>(database, `select count(*)::int from ${ranges}`).catch(() => 0), {
      timeout: 30_000,
      interval: 20,
    })
    .toBeGreaterThan(3);
  killed.kill();
  await killed.result;
  const copied = await one<number>(database, `select count(*)::int from ${ranges}`);
  expect(copied).toBeLessThan(200);
  expect(await one(database, 'select count(*)::int from user_logins')).toBe(ROWS);
  const { exitCode, stderr } = await loginEtl(env, ['migrate', '--adopt', '--json']);
  expect(exitCode, stderr).toBe(0);
  expect(await differences(database.pool)).toEqual([]);
  // The first ranges are still those of one page.
  expect(
    await one<number>(database, 'select count(*)::int from ingest_batches'),
  ).toBeGreaterThanOrEqual(copied);
  expect((await loginEtl(env, ['reconcile', '--since', '9999d'])).exitCode).toBe(0);
});

test('options of --adopt without it are refused', async () => {
  const { exitCode, stderr } = await loginEtl({ DATABASE_URL: 'postgres://x' }, [
    'migrate',
    '--dry-run',
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('belong to --adopt');
});
