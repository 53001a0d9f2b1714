import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Migrated = { applied: string[]; partitionsMade: number };
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(() => database?.remove());

const migrate = (url: string, ...args: string[]) =>
  loginEtl({ DATABASE_URL: url }, ['migrate', ...args]);

describe('migrate', () => {
  test('says which migrations it applied and how many partitions it made; again, there are none', async () => {
    const { exitCode, stdout } = await migrate(database.url);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('0001_user_logins.sql');
    expect(stdout).toMatch(/created 14 partition\(s\)/);
    const again = jsonOf<Migrated>(await migrate(database.url, '--json'));
    expect(again).toEqual({
      applied: [],
      partitionsMade: 0,
      indexesBuilt: 0,
      brokenConstraints: [],
      owner: 'login_etl_migrator',
    });
  });

  test('names the setting when Postgres cannot be reached, and not the password', async () => {
    const url = `postgres://someone:hunter2@127.0.0.1:${await freePort()}/logins`;
    const { exitCode, stdout, stderr } = await migrate(url);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).not.toContain('hunter2');
  });
});
