import { afterAll, beforeAll, expect, test } from 'vitest';
import { unboundUntil } from '../../src/postgres/unbound-until.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

test('payloads of builds before 0.4 are accepted until 24 hours after the migration, to the second', async () => {
  const { rowCount } = await database.pool.query(
    `update login_etl_migrations set applied_at = '2026-11-27T10:00:00Z' where name like '%bound_payloads%'`,
  );
  expect(rowCount).toBe(1);
  expect(await unboundUntil(database.pool)).toBe(Date.UTC(2026, 10, 28, 10));
});

test('and never without that migration', async () => {
  await database.pool.query(`delete from login_etl_migrations where name like '%bound_payloads%'`);
  expect(await unboundUntil(database.pool)).toBe(0);
});
