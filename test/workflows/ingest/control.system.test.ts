import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import type { Progress } from '../../../src/domain/progress.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { startHeldRun } from '../../support/held-run.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterEach(() => stack?.sqs.proxy.setFault());
afterAll(() => stack?.stop());

const MESSAGES = 24;
const SOON = { timeout: 15_000 };

const progress = (handle: IngestHandle): Promise<Progress> => handle.query('progress');
const stateOf = (handle: IngestHandle) => async () => (await progress(handle)).state;

const heldRun = (input: object = { lanes: 2 }) => startHeldRun(stack, MESSAGES, input);

test('a paused run begins no batch until it is resumed, and then drains the queue', async () => {
  const { handle, release } = await heldRun();
  await handle.signal('pause');
  await expect.poll(stateOf(handle), SOON).toBe('paused');
  release();
  const isIdle = async () => {
    const { pendingActivities, pendingWorkflowTask } = (await handle.describe()).raw;
    return !pendingActivities?.length && !pendingWorkflowTask;
  };
  await expect.poll(isIdle, SOON).toBe(true);
  const { counts, lanes } = await progress(handle);
  expect(counts.acknowledged).toBe(counts.received);
  expect(lanes).toBe(2);
  expect(counts.received).toBeLessThan(MESSAGES);
  expect(await stack.queueDepth()).toEqual({ visible: MESSAGES - counts.received, inFlight: 0 });

  await handle.signal('resume');
  expect(await handle.result()).toMatchObject({
    received: MESSAGES,
    acknowledged: MESSAGES,
  });
});

test('a run that is told to drain finishes its batches, completes, and leaves the rest', async () => {
  const { handle, release } = await heldRun();
  await handle.signal('drain');
  release();
  const counts = await handle.result();
  expect(counts.received).toBeLessThan(MESSAGES);
  expect(counts).toMatchObject({ inserted: counts.received, acknowledged: counts.received });
  expect(await stack.queueDepth()).toEqual({ visible: MESSAGES - counts.received, inFlight: 0 });
  expect((await handle.describe()).status.name).toBe('COMPLETED');
});

test('a paused run can be told to drain, and can be cancelled', async () => {
  const draining = await stack.start({}, { workflowId: 'paused-then-drained' });
  await draining.signal('pause');
  await draining.signal('drain');
  await draining.result();

  const { handle: cancelled, release } = await heldRun();
  await cancelled.signal('pause');
  await expect.poll(stateOf(cancelled), SOON).toBe('paused');
  release();
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
});

test.each([1, 2])(
  'signals to a run of %i shard(s) that arrive before it starts count',
  async (shards) => {
    const workflowId = `told-before-${shards}`;
    const handle = await stack.client.workflow.signalWithStart('ingestLogins', {
      ...{ taskQueue: TASK_QUEUE, workflowId, args: [{ shards, batchSize: 1 }] },
      ...{ signal: 'pause', signalArgs: [] },
    });
    await stack.send(loginMessages(5));
    const state = async () => (await handle.query<Progress>('progress')).state;
    await expect.poll(state, SOON).toBe('paused');
    await handle.signal('drain');
    expect((await handle.result()).received).toBeLessThanOrEqual(5);
  },
);

test('a start with the state of an earlier run is ignored', async () => {
  const handle = await stack.client.workflow.start('ingestLogins', {
    taskQueue: 'login-etl',
    workflowId: 'not-carried',
    args: [{}, { state: 'paused', counts: zeroCounts() }],
  });
  expect(await handle.result()).toEqual(zeroCounts());
});

test('a paused run continues where it was, also if it then has to continue as new', async () => {
  const { handle, release } = await heldRun();
  await handle.signal('pause');
  await expect.poll(stateOf(handle), SOON).toBe('paused');
  release();
  // The workflow ignores these signals: they only fill its history.
  for (let sent = 0; sent < 8; sent += 1) await handle.signal('filler', incompressible(1_900_000));
  const chain = stack.client.workflow.getHandle(handle.workflowId);
  await handle.signal('resume');
  await expect
    .poll(async () => (await chain.describe()).runId, SOON)
    .not.toBe(handle.firstExecutionRunId);
  expect(await handle.result()).toMatchObject({
    received: MESSAGES,
    acknowledged: MESSAGES,
  });
});

test('signals of a sharded run reach its shards', async () => {
  const { handle, release } = await heldRun({ lanes: 1, shards: 2 });
  await handle.signal('drain');
  release();
  const counts = await handle.result();
  expect(counts.received).toBeLessThan(MESSAGES);
  expect(counts.acknowledged).toBe(counts.received);
});
