import { randomUUID } from 'node:crypto';
import { Client, type WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
afterAll(() => stack?.stop());

/** As tctl and the `temporal` CLI start it: they know nothing of our keys. */
async function startPlainly(args: unknown[]): Promise<string> {
  const { connection } = stack.client;
  const handle = await new Client({ connection }).workflow.start('ingestLogins', {
    taskQueue: TASK_QUEUE,
    workflowId: randomUUID(),
    args,
  });
  return handle.workflowId;
}

test('input in plain JSON is taken', async () => {
  await stack.send(loginMessages(20));
  const workflowId = await startPlainly([{ maxMessages: 7 }]);
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({
    received: 7,
    acknowledged: 7,
  });
});

test.each([[[]], [[null]], [[{}]]])('input %j is none: the defaults count', async (args) => {
  const workflowId = await startPlainly(args);
  await expect(stack.client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({
    duplicates: 0,
  });
});

const SECRET = 'secret-203.0.113.77';

test.each([
  ['input', SECRET],
  ['input', 5],
  ['input', [{ lanes: 1 }]],
  ['input', { [SECRET]: 1 }],
  ['lanes', { lanes: 0 }],
  ['lanes', { lanes: SECRET }],
  ['batchSize', { batchSize: 1.5 }],
  ['maxMessages', { maxMessages: -1 }],
  ['maxBatchBytes', { maxBatchBytes: 4_000_001 }],
])('nonsense in %s fails at once: %j', async (name, input) => {
  const before = await stack.queueDepth();
  const handle = await stack.start(input);
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  const failure = (error as WorkflowFailedError).cause as ApplicationFailure;
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  expect(failure.message).toMatch(new RegExp(`^${name}: `));
  expect(`${failure.message} ${failure.stack}`).not.toContain(SECRET);

  const { events } = await handle.fetchHistory();
  expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(false);
  expect(await stack.queueDepth()).toEqual(before);
});
