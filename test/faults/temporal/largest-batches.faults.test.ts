import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { INGEST_SETTINGS } from '../../../src/domain/ingest-input.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessage, loginMessages } from '../../support/data/login-messages.ts';
import { runHistories } from '../../support/run-history.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const MIB = 1024 * 1024;

test.each([
  ['few large messages', 3, () => Array.from({ length: 15 }, () => incompressible(400_000))],
  ['many small messages', 3, () => loginMessages(12_000)],
  [
    'rows with values of the maximum length',
    1,
    () =>
      Array.from({ length: 9_000 }, (_, index) =>
        loginMessage(index, { device_id: incompressible(256), user_id: incompressible(128) }),
      ),
  ],
])(
  'the largest batch of %s stays below the two MiB that Temporal accepts per payload, and few messages are released',
  async (_what, lanes, messages) => {
    const sent = await stack.send(messages());
    stack.sqs.proxy.forget();
    const { max: maxBatchBytes } = INGEST_SETTINGS.maxBatchBytes;
    const handle = await stack.start({ lanes, batchSize: 10_000, maxBatchBytes });
    expect(await handle.result()).toMatchObject({ acknowledged: sent.length });
    const sizes = await resultSizes(handle);
    expect(Math.max(...sizes)).toBeGreaterThan(250_000);
    expect(Math.max(...sizes)).toBeLessThan(2 * MIB);
    expect(messagesReleased()).toBeLessThanOrEqual(15);
  },
);

async function resultSizes(handle: IngestHandle): Promise<number[]> {
  const runs = await runHistories(stack.client, handle.workflowId, handle.firstExecutionRunId);
  return runs
    .flatMap(({ events }) => events)
    .flatMap((event) => event.activityTaskCompletedEventAttributes?.result?.payloads ?? [])
    .map(({ data }) => data?.length ?? 0);
}

const messagesReleased = () =>
  stack.sqs.proxy.calls
    .filter(({ action }) => action === 'ChangeMessageVisibilityBatch')
    .reduce((sum, { body }) => sum + (body.Entries as unknown[]).length, 0);
