import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { appendAuditRecord } from '../../../src/postgres/audit/append-audit-record.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { endRecovery, findRecovery } from '../../../src/postgres/recovery/recovery-records.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds } from '../ingest/batch-to-insert.ts';

const REQUEST = 'a-request';
const SINCE = '2026-11-27T10:00:00.000Z';

let database: TestDatabase;
let worker: Pool;
let quarantined: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  worker = postgresPool({ connectionString: database.urls.worker }, { applicationName: 'worker' });
});
beforeEach(async () => {
  await database.pool.query('truncate user_logins, quarantine');
  quarantined = newIds(3);
  await insertBatch(worker, batchToInsert({ rowIds: [], quarantineIds: quarantined }));
});
afterAll(async () => {
  await worker?.end();
  await database?.remove();
});

const take = async (request: string): Promise<number | null> =>
  (await worker.query('select login_etl_take_for_recovery($1, $2)', [request, quarantined]))
    .rowCount;

const counts = async (): Promise<number> =>
  (await database.pool.query(`select from audit_log where action = 'recovery.end'`)).rowCount ?? 0;

test('a worker takes nothing out of quarantine, and records no end, unless a custodian has requested a recovery', async () => {
  expect(await findRecovery(worker, REQUEST)).toBeUndefined();
  expect(await take(REQUEST)).toBe(0);
  await endRecovery(worker, REQUEST, {});
  expect(await counts()).toBe(0);
});

test('a recovery that was requested may take messages until its end is recorded, once', async () => {
  await appendAuditRecord(database.pool, {
    action: 'recovery.request',
    reason: 'a restore',
    detail: { requestId: REQUEST, since: SINCE },
  });
  expect(await findRecovery(worker, REQUEST)).toEqual({ since: new Date(SINCE), ended: false });
  expect(await take(REQUEST)).toBe(3);
  await endRecovery(worker, REQUEST, { inserted: 1 });
  await endRecovery(worker, REQUEST, { inserted: 2 });
  expect(await counts()).toBe(1);
  expect((await findRecovery(worker, REQUEST))?.ended).toBe(true);
  quarantined = newIds(2);
  await insertBatch(worker, batchToInsert({ rowIds: [], quarantineIds: quarantined }));
  expect(await take(REQUEST)).toBe(0);
});

test('analysts and custodians may not call these functions', async () => {
  for (const url of [database.urls.analyst, database.urls.custodian]) {
    const pool = postgresPool({ connectionString: url }, { applicationName: 'other' });
    await expect(pool.query(`select login_etl_take_for_recovery('x', '{}')`)).rejects.toMatchObject(
      {
        code: '42501',
      },
    );
    await pool.end();
  }
});
