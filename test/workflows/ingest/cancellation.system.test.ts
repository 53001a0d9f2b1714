import { CancelledFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCounts } from '../../../src/temporal/runs/run-counts.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
afterAll(() => stack?.stop());

test('a cancelled run stores and deletes its current batches, receives no more, and ends as cancelled', async () => {
  await stack.send(loginMessages(200));
  const locking = await stack.pool.connect();
  const handle = await stack.start({ batchSize: 10, lanes: 3 });
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    const received = async () =>
      (await runCounts(stack.client, handle.workflowId))?.counts.received ?? 0;
    // Each lane has a batch in hand that it cannot store.
    await expect.poll(received, { timeout: 20_000 }).toBeGreaterThanOrEqual(30);
    await handle.cancel();
    await locking.query('commit');
  } finally {
    locking.release(true);
  }
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);

  const stored = (await stack.rows()).length;
  expect(stored).toBeGreaterThanOrEqual(30);
  expect(stored).toBeLessThan(200);
  expect(await stack.queueDepth()).toEqual({ visible: 200 - stored, inFlight: 0 });
  const { rows } = await stack.pool.query(
    'select outcome, inserted::int, acknowledged::int from ingest_runs',
  );
  expect(rows).toEqual([{ outcome: 'cancelled', inserted: stored, acknowledged: stored }]);
});
