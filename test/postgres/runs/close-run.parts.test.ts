import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../../src/domain/run-record.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { closeRun } from '../../../src/postgres/runs/close-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds, newTag, SENT_AT_MS } from '../ingest/batch-to-insert.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

const counts = {
  received: 10,
  inserted: 6,
  duplicates: 3,
  quarantined: 1,
  acknowledged: 9,
  batches: 2,
};

const record = (runId: string): RunRecord => ({
  runId,
  workflowId: 'workflow',
  startedAtMs: SENT_AT_MS,
  finishedAtMs: SENT_AT_MS + 1_500,
  outcome: 'completed',
  counts,
});

async function ledger(runId: string) {
  const { rows } = await database.pool.query('select * from ingest_runs where run_id = $1', [
    runId,
  ]);
  return rows;
}

const CLOSED = {
  workflow_id: 'workflow',
  started_at: new Date(SENT_AT_MS),
  finished_at: new Date(SENT_AT_MS + 1_500),
  outcome: 'completed',
  received: '10',
  inserted: '6',
  duplicates: '3',
  quarantined: '1',
  acknowledged: '9',
  batches: '2',
};

test('a run that was opened with its first batch is closed with its counts', async () => {
  const tag = newTag(1);
  await insertBatch(database.pool, batchToInsert({ rowIds: newIds(1), tag }));
  await closeRun(database.pool, record(tag.runId), 'newer');
  expect(await ledger(tag.runId)).toMatchObject([{ ...CLOSED, worker_build: 'newer' }]);
});

test('a run that had no batch has a row too, and closing it again writes the same', async () => {
  const { runId } = newTag();
  await closeRun(database.pool, record(runId), 'build');
  const first = await ledger(runId);
  await closeRun(database.pool, record(runId), 'build');
  expect(first).toMatchObject([CLOSED]);
  expect(await ledger(runId)).toEqual(first);
});
