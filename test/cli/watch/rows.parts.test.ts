import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoginRow } from '../../../src/postgres/logins/read-rows.ts';
import { storeLogins } from '../../postgres/login-rows.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { createTestRole, type TestRole } from '../../support/servers/test-role.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf, loginEtl as loginEtlProcess } from '../login-etl.ts';

let database: TestDatabase;
let analyst: TestRole;

beforeAll(async () => {
  database = await createTestDatabase();
  analyst = await createTestRole(database, ['select on user_logins']);
});
beforeEach(() => database.pool.query('truncate user_logins'));
afterAll(async () => {
  await analyst?.remove();
  await database?.remove();
});

const rows = (...args: string[]) => loginEtl({ DATABASE_URL: analyst.url }, ['rows', ...args]);
const usersOf = async (...args: string[]) =>
  jsonOf<LoginRow[]>(await rows('--json', ...args)).map(({ user_id }) => user_id);

describe('rows, as a role that may read user_logins and nothing else', () => {
  test('shows the latest first, 20 of them, with masked values shortened', async () => {
    const maskedIp = 'a'.repeat(64);
    await storeLogins(
      database.pool,
      Array.from({ length: 25 }, () => ({ maskedIp })),
    );
    const { exitCode, stdout } = await rows();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(` ${'a'.repeat(12)}… `);
    expect(stdout).not.toContain(maskedIp);
    expect(stdout.match(/user-\d+/g)).toEqual(
      Array.from({ length: 20 }, (_, at) => `user-${24 - at}`),
    );
  });

  test('filters by locale and time, and limits the rows', async () => {
    await storeLogins(database.pool, [
      { userId: 'old', daysAgo: 3 },
      { userId: 'other', locale: 'fr_FR' },
      { userId: 'none', locale: null },
      { userId: 'first' },
      { userId: 'second' },
    ]);
    expect(await usersOf()).toEqual(['second', 'first', 'none', 'other', 'old']);
    expect(await usersOf('--locale', 'de_DE')).toEqual(['second', 'first', 'old']);
    expect(await usersOf('--locale', 'de_DE', '--since', '1d')).toEqual(['second', 'first']);
    expect(await usersOf('--limit', '1')).toEqual(['second']);
    expect(await usersOf('--locale', "de_DE' or 'a' = 'a")).toEqual([]);
  });

  test('JSON has whole rows', async () => {
    await storeLogins(database.pool, [{ maskedIp: 'f'.repeat(64), locale: null }]);
    expect(jsonOf(await rows('--format', 'json'))).toEqual([
      {
        user_id: 'user-0',
        device_type: 'android',
        masked_ip: 'f'.repeat(64),
        masked_device_id: 'device-0',
        locale: null,
        app_version: '2.3.0',
        create_date: new Date().toISOString().slice(0, 10),
        message_id: expect.any(String),
        mask_key_id: 'key-1',
        sent_at: expect.stringMatching(/^20\d\d-.*\.\d{3}Z$/),
        inserted_at: expect.stringMatching(/^20\d\d-.*\.\d{3}Z$/),
        run_id: expect.any(String),
        batch_number: 1,
      },
    ]);
  });

  test('CSV is quoted, so that every value comes back', async () => {
    const userId = 'a "quoted", value\nof\r\ntwo; lines';
    await storeLogins(database.pool, [{ userId, locale: null }]);
    const { stdout } = await rows('--format', 'csv');
    const [head, ...rest] = stdout.split('\n');
    expect(head?.split(',').slice(0, 7)).toEqual([
      ...['user_id', 'device_type', 'masked_ip', 'masked_device_id', 'locale', 'app_version'],
      'create_date',
    ]);
    expect(rest.join('\n')).toMatch(
      /^"a ""quoted"", value\nof\r\ntwo; lines",android,ip-0,device-0,,2\.3\.0,20\d\d-/,
    );
  });

  test('CSV disarms what a spreadsheet takes for a formula; --exact does not', async () => {
    const formulas = ['=1+1', '+1', '-1', '@sum', '\tx', '\rx', '＝1'];
    await storeLogins(
      database.pool,
      formulas.map((userId) => ({ userId })),
    );
    const disarmed = (await rows('--format', 'csv')).stdout;
    for (const formula of formulas) expect(disarmed).toContain(`'${formula}`);
    expect(disarmed).not.toMatch(/^"?[=+@\t\r＝-]/m);
    const exact = (await rows('--format', 'csv', '--exact')).stdout;
    expect(exact).toMatch(/^=1\+1,/m);
  });

  test('control characters of a value do not reach the terminal', async () => {
    await storeLogins(database.pool, [{ userId: '\u001b]0;owned\u0007\u009b2J' }]);
    for (const args of [[], ['--json']]) {
      const { stdout } = await rows(...args);
      expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    }
    expect(await usersOf()).toEqual(['\u001b]0;owned\u0007\u009b2J']);
  });

  test('30,000 rows are printed with 64 MB of heap', async () => {
    await database.pool.query(`
      insert into user_logins
      select 'user-' || n, 'android', repeat('a', 256), repeat('b', 256), 'de', '1', current_date,
        'm-' || n, 'k', now(), now(), gen_random_uuid(), 1
      from generate_series(1, 30000) as n`);
    const small = { DATABASE_URL: analyst.url, NODE_OPTIONS: '--max-old-space-size=64' };
    for (const format of ['csv', 'json']) {
      const { exitCode, stdout } = await loginEtlProcess(small, ['rows', '--format', format]);
      expect(exitCode).toBe(0);
      expect(stdout.match(/\n/g)?.length).toBeGreaterThanOrEqual(30_001);
    }
  });

  test('exits with 0 if there are no rows', async () => {
    expect(await rows('--json')).toMatchObject({ exitCode: 0, stdout: '[]\n' });
    expect((await rows('--format', 'csv')).stdout).toMatch(/^user_id,.*\n$/);
    expect(await rows()).toMatchObject({ exitCode: 0, stderr: 'no rows\n' });
  });
});

test('a role without the privilege gets an error that names the role with it', async () => {
  const role = await createTestRole(database, ['select on ingest_runs']);
  try {
    for (const command of ['rows', 'stats']) {
      const { exitCode, stderr } = await loginEtl({ DATABASE_URL: role.url }, [command]);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /why: the database user lacks a privilege on table user_logins.*\n +what to do: .*analyst/,
      );
    }
  } finally {
    await role.remove();
  }
});

test('a table of more than 1,000 rows is refused', async () => {
  expect((await rows('--limit', '1001')).exitCode).toBe(2);
});
