import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAcknowledgeActivity } from '../../../src/activities/ingest/acknowledge.ts';
import type { AcknowledgeRequest, Receipt } from '../../../src/batch/batch.ts';
import { partCache } from '../../../src/batch/part-cache.ts';
import { jsonSealer } from '../../../src/crypto/payloads/part-sealer.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { receiveBatch } from '../../../src/queue/receive-batch.ts';
import { sendMessages } from '../../../src/queue/send-messages.ts';
import { testKeyring } from '../../crypto/keys/test-keyring.ts';
import { batchToInsert, newTag } from '../../postgres/ingest/batch-to-insert.ts';
import { BATCH, inActivity } from '../../support/data/test-parts.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { startTestQueue, type TestQueue } from '../../support/servers/test-queue.ts';

const COUNT = 3;
const OTHER_BATCH = 'f'.repeat(32);

let database: TestDatabase;
let sqs: TestQueue;

beforeAll(async () => {
  [database, sqs] = await Promise.all([createTestDatabase(), startTestQueue()]);
});
beforeEach(() => sqs.purge());
afterAll(async () => {
  await Promise.allSettled([database?.remove(), sqs?.stop()]);
});

const parts = partCache(jsonSealer(testKeyring('2026-11')), async () => undefined);

/** Receives messages and commits them, as a run does. */
async function committedBatch() {
  await sendMessages(sqs.queue, Array.from({ length: COUNT }, String));
  const { messages } = await receiveBatch(sqs.queue, { maxMessages: COUNT, maxBytes: 10_000 });
  const tag = newTag();
  const rowIds = messages.map(({ messageId }) => messageId);
  await insertBatch(database.pool, batchToInsert({ rowIds, tag }));
  return { handles: messages.map(({ receiptHandle }) => receiptHandle), tag };
}

/** @param receipt of which batch, and what it says; null for none */
const acknowledge = (handles: string[], receipt: (Receipt & { batch?: string }) | null) =>
  inActivity(async () => {
    const seal = async ({ batch = BATCH, ...value }: Receipt & { batch?: string }) =>
      parts.seal<Receipt>({ kind: 'receipt', batch }, value);
    const request: AcknowledgeRequest = {
      batchNumber: 1,
      count: COUNT,
      receiptHandles: await parts.seal({ kind: 'receiptHandles', batch: BATCH }, handles),
      ...(receipt && { receipt: await seal(receipt) }),
    };
    const { pool } = database;
    const { acknowledgeBatch } = createAcknowledgeActivity({ queue: sqs.queue, pool, parts });
    return acknowledgeBatch(request);
  });

const committed = ({ runId, number }: { runId: string; number: number }) => ({
  committed: { runId, number, ofRefused: false },
});

async function messagesLeft(): Promise<number> {
  const { visible, inFlight } = await sqs.depth();
  return visible + inFlight;
}

test('a batch is deleted against the receipt of its own insert', async () => {
  const { handles, tag } = await committedBatch();
  const receipt = { refused: [], ...committed(tag) };
  expect(await acknowledge(handles, receipt)).toMatchObject({ acknowledged: COUNT, expired: 0 });
  expect(await messagesLeft()).toBe(0);
});

test.each<
  [string, string, (tag: { runId: string; number: number }) => Parameters<typeof acknowledge>[1]]
>([
  ['without a receipt', 'NotCommitted', () => null],
  [
    "against another batch's receipt",
    'NotCommitted',
    (tag) => ({ batch: OTHER_BATCH, refused: [], ...committed(tag) }),
  ],
  [
    'while refused rows are in neither table',
    'NotCommitted',
    (tag) => ({ refused: [1], ...committed(tag) }),
  ],
  [
    'that the database has no record of',
    'NotInDatabase',
    ({ runId }) => ({ refused: [], ...committed({ runId, number: 2 }) }),
  ],
  [
    'whose second insert the database has no record of',
    'NotInDatabase',
    ({ runId, number }) => ({ refused: [], committed: { runId, number, ofRefused: true } }),
  ],
])('no message of a batch is deleted %s', async (_, type, receipt) => {
  const { handles, tag } = await committedBatch();
  await expect(acknowledge(handles, receipt(tag))).rejects.toMatchObject({ type });
  expect(await messagesLeft()).toBe(COUNT);
});
