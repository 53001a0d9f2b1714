import { afterAll, beforeAll, expect, test } from 'vitest';
import { classifyError } from '../../../src/errors/classify-error.ts';
import { tryInsert } from '../../../src/postgres/ingest/try-insert.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

/** The code that a worker's trial ends with; none when all is well. */
async function trial(): Promise<string | undefined> {
  const pool = postgresPool(
    { connectionString: database.urls.worker },
    { applicationName: 'test' },
  );
  try {
    await tryInsert(pool);
    return undefined;
  } catch (error) {
    return classifyError(error).code;
  } finally {
    await pool.end();
  }
}

test('a trial on tables that are in order passes, and leaves nothing', async () => {
  expect(await trial()).toBeUndefined();
  for (const table of ['user_logins', 'quarantine', 'vault', 'vault_data_keys', 'ingest_runs']) {
    expect((await database.pool.query(`select from ${table}`)).rowCount).toBe(0);
  }
});

const name = (): string => new URL(database.url).pathname.slice(1);

const TROUBLES: [string, string, () => string, () => string][] = [
  [
    'a server that takes no writes',
    '25006',
    () => `alter database ${name()} set default_transaction_read_only = on`,
    () =>
      `set transaction read write; alter database ${name()} reset default_transaction_read_only`,
  ],
  ...['user_logins', 'quarantine', 'vault', 'vault_data_keys', 'ingest_runs'].map(
    (table): (typeof TROUBLES)[number] => [
      `no right to insert into ${table}`,
      '42501',
      () => `revoke insert on ${table} from login_etl_worker`,
      () => `grant insert on ${table} to login_etl_worker`,
    ],
  ),
  [
    'no right to a lock',
    '42501',
    () => 'revoke update on login_etl_insert_lock from login_etl_worker',
    () => 'grant update on login_etl_insert_lock to login_etl_worker',
  ],
  [
    'no right to a function',
    '42501',
    () => 'revoke execute on function login_etl_insert_rows from login_etl_worker',
    () => 'grant execute on function login_etl_insert_rows to login_etl_worker',
  ],
  [
    'a column of another team that wants a value',
    '23502',
    () => 'alter table user_logins add column region text not null',
    () => 'alter table user_logins drop column region',
  ],
];

test.each(TROUBLES)('a trial finds %s', async (_what, code, breakIt, mendIt) => {
  await database.pool.query(breakIt());
  try {
    expect(await trial()).toBe(code);
  } finally {
    await database.pool.query(mendIt());
  }
  expect(await trial()).toBeUndefined();
});

test('a trial finds that no partition takes a login of today', async () => {
  const { rows } = await database.pool.query<{ partition: string }>(
    `select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'user_logins'::regclass`,
  );
  for (const { partition } of rows) {
    await database.pool.query(`alter table user_logins detach partition ${partition}`);
  }
  expect(await trial()).toBe('23514');
});
