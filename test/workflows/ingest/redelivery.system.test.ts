import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addCounts, type Counts, zeroCounts } from '../../../src/domain/counts.ts';
import { runCounts } from '../../../src/temporal/runs/run-counts.ts';
import { loginMessage, loginMessages } from '../../support/data/login-messages.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ visibilityTimeoutSeconds: 3 });
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const EMPTY = { visible: 0, inFlight: 0 };

/** Runs until the queue is empty, messages that are hidden for now included. @returns the counts of all runs */
async function runUntilEmpty(): Promise<Counts> {
  const total = zeroCounts();
  do addCounts(total, await stack.run());
  while ((await stack.queueDepth()).inFlight > 0);
  return total;
}

test('messages whose delete SQS refuses come back, count as duplicates, and are one row each', async () => {
  const ids = await stack.send([...loginMessages(20), 'bad']);
  let refused = 0;
  stack.sqs.proxy.setFault((call, passOn) => {
    if (call.action !== 'DeleteMessageBatch' || refused >= 21) return passOn();
    const Failed = (call.body.Entries as { Id: string }[]).map(({ Id }) => ({
      Id,
      SenderFault: true,
      Code: 'ReceiptHandleIsInvalid',
    }));
    refused += Failed.length;
    return { status: 200, body: { Successful: [], Failed } };
  });
  const counts = await runUntilEmpty();
  stack.sqs.proxy.setFault();

  expect(counts).toMatchObject({ inserted: 20, quarantined: 1 });
  expect(counts.duplicates).toBeGreaterThanOrEqual(21);
  expect(counts.received).toBe(21 + counts.duplicates);
  expect(counts.acknowledged).toBe(counts.received - 21);
  const stored = [...(await stack.rows()), ...(await stack.quarantine())];
  expect(stored.map((row) => row.message_id).sort()).toEqual(ids.sort());
  expect(await stack.queueDepth()).toEqual(EMPTY);
});

/** A run that has a message in hand and can't end. */
async function runThatHolds(): Promise<IngestHandle> {
  for (;;) {
    const handle = await stack.start({ lanes: 1 });
    let ended = false;
    void handle.result().then(() => {
      ended = true;
    });
    while (!ended) {
      if ((await runCounts(stack.client, handle.workflowId))?.counts.received === 1) return handle;
    }
  }
}

test('a message that is delivered to two runs at once, while neither can store it, is one row', async () => {
  const [id] = await stack.send([loginMessage(1)]);
  const locking = await stack.pool.connect();
  let runs: IngestHandle[];
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    runs = [await runThatHolds(), await runThatHolds()];
    await locking.query('commit');
  } finally {
    locking.release(true);
  }
  const total = await runUntilEmpty();
  for (const run of runs) addCounts(total, await run.result());
  expect(total.received).toBeGreaterThanOrEqual(2);
  expect(total).toMatchObject({ inserted: 1, duplicates: total.received - 1, quarantined: 0 });
  expect((await stack.rows()).map((row) => row.message_id)).toEqual([id]);
  expect(await stack.queueDepth()).toEqual(EMPTY);
});
