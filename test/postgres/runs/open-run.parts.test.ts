import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds, newTag, SENT_AT_MS } from '../ingest/batch-to-insert.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

const ledger = async (runId: string) =>
  (await database.pool.query('select * from ingest_runs where run_id = $1', [runId])).rows;

test('whichever batch commits first opens its run in the ledger, and the others leave it as it is', async () => {
  const second = newTag(2);
  await insertBatch(database.pool, batchToInsert({ rowIds: newIds(1), tag: second }));
  const opened = await ledger(second.runId);
  expect(opened).toMatchObject([
    {
      workflow_id: 'workflow',
      started_at: new Date(SENT_AT_MS),
      finished_at: null,
      received: null,
    },
  ]);
  const first = { ...second, number: 1 };
  await insertBatch(database.pool, batchToInsert({ rowIds: newIds(1), tag: first }));
  expect(await ledger(second.runId)).toEqual(opened);
});

test('first batches that commit side by side open their run once', async () => {
  const tag = newTag(1);
  await Promise.all(
    [1, 2, 3, 4].map((number) =>
      insertBatch(database.pool, batchToInsert({ rowIds: newIds(50), tag: { ...tag, number } })),
    ),
  );
  expect(await ledger(tag.runId)).toHaveLength(1);
});
