import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { classifyError } from '../../src/errors/classify-error.ts';
import { appendAuditRecord } from '../../src/postgres/audit/append-audit-record.ts';
import { awaitInserts } from '../../src/postgres/ingest/await-inserts.ts';
import { insertBatch } from '../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { waitingSessions } from '../support/servers/waiting-sessions.ts';
import { batchToInsert, newIds } from './ingest/batch-to-insert.ts';

let database: TestDatabase;
let worker: pg.Pool;
let custodian: pg.Pool;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const poolOf = (connectionString: string) =>
    postgresPool({ connectionString }, { applicationName: 'test' });
  worker = poolOf(database.urls.worker);
  custodian = poolOf(database.urls.custodian);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});
afterAll(async () => {
  await worker?.end();
  await custodian?.end();
  await database?.remove();
});

async function session(connectionString: string, program = 'psql'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: program });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

const insertBoth = () =>
  insertBatch(worker, batchToInsert({ rowIds: newIds(2), quarantineIds: newIds(1) }));

const ALL_OF_OURS = [7236514200, 7236514201, 7236514202, 7236514203];

describe('a login of the database without our privileges', () => {
  test('holds up neither inserts nor audited acts nor lookups nor migrations by advisory locks', async () => {
    const analyst = await session(database.urls.analyst);
    for (const number of ALL_OF_OURS) await analyst.query('select pg_advisory_lock($1)', [number]);
    const startedAt = Date.now();
    await insertBatch(worker, batchToInsert({ rowIds: newIds(2) }));
    await insertBoth();
    await appendAuditRecord(custodian, { action: 'test', reason: 'test', detail: {} });
    await awaitInserts(custodian);
    await migrate(database.pool);
    await analyst.query(`select pg_advisory_lock(hashtextextended('team', 7236514203))`);
    const reader = await session(database.urls.reader);
    await reader.query(`select login_etl_record_lookup('team', sha256('m'), 1, 'test', '{}')`);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
  });

  test.each(['login_etl_insert_lock', 'login_etl_vault_lock', 'login_etl_audit_lock'])(
    'may not lock %s in a mode that is in the way, even if it may read it',
    async (table) => {
      await database.pool.query(`grant select on ${table} to login_etl_analyst`);
      const analyst = await session(database.urls.analyst);
      for (const mode of ['row share', 'row exclusive', 'share', 'exclusive', 'access exclusive']) {
        await analyst.query('begin');
        await expect(analyst.query(`lock table ${table} in ${mode} mode`)).rejects.toMatchObject({
          code: '42501',
        });
        await analyst.query('rollback');
      }
      await analyst.query(`begin; lock table ${table} in access share mode`);
      await insertBoth();
      await appendAuditRecord(custodian, { action: 'test', reason: 'test', detail: {} });
    },
  );
});

describe('workers of the version before, during an upgrade', () => {
  test('a batch waits for one that quarantines, which has the old lock', async () => {
    const old = await session(database.urls.worker);
    await old.query('begin; select pg_advisory_xact_lock(7236514201)');
    let over = false;
    const inserting = insertBatch(worker, batchToInsert({ rowIds: newIds(1) })).finally(() => {
      over = true;
    });
    await expect.poll(() => waitingSessions(database.pool, { lockType: 'advisory' })).toBe(1);
    expect(over).toBe(false);
    await old.query('commit');
    await inserting;
  });
});

test('an insert waits for a lock for a bounded time, and its failure names the session', async () => {
  const owner = await session(database.url, 'long\u001b[2Jreport');
  await owner.query('begin; lock table user_logins in share mode');
  const error = await insertBoth().catch((thrown: unknown) => thrown);
  const { code, policy } = classifyError(error);
  expect({ code, action: policy.action }).toEqual({ code: 'LockedOut', action: 'retry' });
  expect(policy.advice).toMatch(/session \d+ \(user \w+, program long\S*report/);
  expect(policy.advice).not.toContain('\u001b');
});

test('while an analyst reads and a partition is to be made, no insert waits for more than a second', async () => {
  await database.pool.query(
    'drop table ' +
      (
        await database.pool.query<{ name: string }>(
          `select inhrelid::regclass::text as name from pg_inherits
           where inhparent = 'user_logins'::regclass order by 1 desc offset 1 limit 1`,
        )
      ).rows[0]?.name,
  );
  const analyst = await session(database.urls.analyst);
  await analyst.query('begin; select count(*) from user_logins');
  let migrated = false;
  const migrating = migrate(database.pool).finally(() => {
    migrated = true;
  });
  const slowest = async (rounds: number) => {
    let most = 0;
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = Date.now();
      await insertBatch(worker, batchToInsert({ rowIds: newIds(5) }));
      most = Math.max(most, Date.now() - startedAt);
    }
    return most;
  };
  expect(await slowest(40)).toBeLessThan(1_000);
  expect(migrated).toBe(false);
  await analyst.query('commit');
  expect(await migrating).toMatchObject({ partitionsMade: 1 });
});
