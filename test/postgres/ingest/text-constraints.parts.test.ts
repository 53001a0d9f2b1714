import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAuditCounts } from '../../../src/postgres/audit/read-audit-counts.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const PLANTED = 'x\u001b]52;c;aGk=\u0007\u009b\u202e';

let database: TestDatabase;
let worker: ReturnType<typeof postgresPool>;

beforeAll(async () => {
  database = await createTestDatabase();
  worker = postgresPool(
    { connectionString: database.urls.worker },
    { applicationName: 'text-constraints' },
  );
});
afterAll(async () => {
  await worker?.end();
  await database?.remove();
});

const quarantine = (messageId: string, reason: string, keyId = 'k') =>
  worker.query(
    `insert into quarantine (message_id, create_date, sent_at, reason, sealed_body, vault_key_id, run_id, batch_number)
     values ($1, current_date, now(), $2, '', $3, gen_random_uuid(), 1)`,
    [messageId, reason, keyId],
  );

describe('the worker cannot store control characters', () => {
  test('in a message id or a key id: its insert is refused', async () => {
    await expect(quarantine(PLANTED, 'r')).rejects.toMatchObject({ code: '23514' });
    await expect(quarantine('m', 'r', PLANTED)).rejects.toMatchObject({ code: '23514' });
  });

  test('in a reason or a workflow id: they are replaced, so that nothing holds up ingestion', async () => {
    await quarantine('m1', PLANTED);
    const runId = randomUUID();
    await worker.query(
      `insert into ingest_runs (run_id, workflow_id, started_at, worker_build) values ($1, $2, now(), 'b')`,
      [runId, `${PLANTED}${'y'.repeat(2_000)}`],
    );
    const { rows } = await database.pool.query(
      'select (select reason from quarantine) as reason, workflow_id as id from ingest_runs',
    );
    expect(rows[0].reason).toBe('x?]52;c;aGk=???');
    expect(rows[0].id).toMatch(/^x\?]52;c;aGk=\?\?\?y+$/);
    expect(rows[0].id).toHaveLength(1_000);
  });
});

test('an action of the audit log is a name, and one of somebody else is counted as other', async () => {
  const record = (action: string) =>
    database.pool.query('insert into audit_log (action, reason) values ($1, $2)', [action, 'case']);
  await expect(record(PLANTED)).rejects.toMatchObject({ code: '23514' });
  for (const action of ['reveal', 'aaa', 'bbb']) await record(action);
  expect(await readAuditCounts(database.pool)).toEqual([
    { action: 'other', records: 2 },
    { action: 'reveal', records: 1 },
  ]);
});
