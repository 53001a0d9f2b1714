import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeLogins } from '../../postgres/login-rows.ts';
import { withoutPartition } from '../../postgres/partitions/default-partition.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

const tables = (...args: string[]) =>
  loginEtl({ DATABASE_URL: database.urls.worker }, ['tables', ...args]);

test('tables shows the partitions, and that retention waits for a worker of the custodian', async () => {
  const { exitCode, stdout } = await tables();
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/user_logins_20\d\d_\d\d .*ahead/);
  expect(stdout).toContain(
    '12 months ahead, nothing in the default partition, maintenance: none yet',
  );
  expect(stdout).toContain('retention: off, or not applied yet');
  expect((await tables('--dry-run')).stdout).toBe('nothing\n');
});

test('--dry-run lists what the next maintenance will do, and nothing is done', async () => {
  const month = new Date().toISOString().slice(0, 7);
  await withoutPartition(database.pool, month);
  await storeLogins(database.pool, [{}, {}]);
  const expected = `move 2 row(s) out of the default partition\nmake user_logins_${month.replace('-', '_')}\n`;
  for (let time = 0; time < 2; time += 1) {
    expect((await tables('--dry-run')).stdout).toBe(expected);
  }
  expect(jsonOf(await tables('--json'))).toMatchObject({ defaultRows: 2, missing: [month] });
});
