import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeEach(async () => {
  stack = await startStack({ ownPostgres: {} });
  await stack.startWorker();
});
afterEach(() => stack?.stop());

const calls = (action: string) => stack.sqs.proxy.calls.filter((call) => call.action === action);

/** How often the step that has been tried most has been tried. */
async function attempts(handle: IngestHandle, step: string): Promise<number> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities ?? [];
  return Math.max(
    0,
    ...pending
      .filter(({ activityType }) => activityType?.name === step)
      .map(({ attempt }) => attempt ?? 0),
  );
}

test('while Postgres is down nothing is deleted from the queue and nothing more is received; then the run goes on', async () => {
  const ids = await stack.send(loginMessages(200));
  await stack.postgres?.server.kill();
  const handle = await stack.start({ batchSize: 20, lanes: 2 });
  await expect.poll(() => attempts(handle, 'insertBatch'), { timeout: 30_000 }).toBeGreaterThan(2);

  const received = calls('ReceiveMessage').length;
  const tried = await attempts(handle, 'insertBatch');
  await expect
    .poll(() => attempts(handle, 'insertBatch'), { timeout: 30_000 })
    .toBeGreaterThan(tried);
  expect(calls('ReceiveMessage')).toHaveLength(received);
  expect(calls('DeleteMessageBatch')).toEqual([]);
  const { visible, inFlight } = await stack.queueDepth();
  expect(visible + inFlight).toBe(200);
  expect(inFlight).toBeLessThanOrEqual(40);

  await stack.postgres?.server.restart();
  expect(await handle.result()).toMatchObject({ received: 200, inserted: 200, acknowledged: 200 });
  expect((await stack.rows()).map((row) => row.message_id).sort()).toEqual(ids.sort());
  expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
});

test('a queue that vanishes in mid-run is a clear failure that names its setting, not an endless retry', async () => {
  await stack.send(loginMessages(300));
  const handle = await stack.start({ batchSize: 10, lanes: 2 });
  await expect.poll(async () => (await stack.rows()).length).toBeGreaterThan(0);
  await stack.queue.client.send(new DeleteQueueCommand({ QueueUrl: stack.queue.url }));

  const error = (await handle.result().catch((reason: unknown) => reason)) as WorkflowFailedError;
  expect(error.cause?.cause).toMatchObject({
    type: 'QueueDoesNotExist',
    nonRetryable: true,
    message: expect.stringMatching(
      /the queue does not exist: check SQS_QUEUE_URL or SQS_QUEUE_NAME/,
    ),
  });
  const { rows } = await stack.pool.query('select outcome from ingest_runs');
  expect(rows).toEqual([{ outcome: 'failed' }]);
});
