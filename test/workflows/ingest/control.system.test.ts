import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import type { Progress } from '../../../src/domain/progress.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

/** Other tests may be at it. */
const SOON = { timeout: 15_000 };

const progress = (handle: IngestHandle): Promise<Progress> => handle.query('progress');
const stateOf = (handle: IngestHandle) => async () => (await progress(handle)).state;

/** So many batches that it is still at it when a signal comes. */
const longRun = async () => {
  await stack.send(loginMessages(120));
  const handle = await stack.start({ batchSize: 1, lanes: 2 });
  await expect.poll(async () => (await progress(handle)).counts.received, SOON).toBeGreaterThan(5);
  return handle;
};

test('a paused run begins no batch until it is resumed, and then drains the queue', async () => {
  const handle = await longRun();
  await handle.signal('pause');
  await expect.poll(stateOf(handle), SOON).toBe('paused');
  const allAcknowledged = async () => {
    const { counts } = await progress(handle);
    return counts.received === counts.acknowledged;
  };
  await expect.poll(allAcknowledged, SOON).toBe(true);
  const { counts, lanes } = await progress(handle);
  expect(lanes).toBe(2);
  expect(counts.received).toBeLessThan(120);
  expect(await stack.queueDepth()).toEqual({ visible: 120 - counts.received, inFlight: 0 });

  await handle.signal('resume');
  expect(await handle.result()).toMatchObject({ received: 120, acknowledged: 120 });
});

test('a run that is told to drain finishes what is in hand, completes, and leaves the rest', async () => {
  const handle = await longRun();
  await handle.signal('drain');
  const counts = await handle.result();
  expect(counts.received).toBeLessThan(120);
  expect(counts).toMatchObject({ inserted: counts.received, acknowledged: counts.received });
  expect(await stack.queueDepth()).toEqual({ visible: 120 - counts.received, inFlight: 0 });
  expect((await handle.describe()).status.name).toBe('COMPLETED');
});

test('a paused run can be told to drain, and can be cancelled', async () => {
  const draining = await stack.start({}, { workflowId: 'paused-then-drained' });
  await draining.signal('pause');
  await draining.signal('drain');
  await draining.result();

  const cancelled = await longRun();
  await cancelled.signal('pause');
  await expect.poll(stateOf(cancelled), SOON).toBe('paused');
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
});

test.each([1, 2])(
  'what a run of %i shard(s) is told before it has begun counts',
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

test('what only an earlier run of the chain may hand on is not taken from people', async () => {
  const handle = await stack.client.workflow.start('ingestLogins', {
    taskQueue: 'login-etl',
    workflowId: 'not-carried',
    args: [{}, { state: 'paused', counts: zeroCounts() }],
  });
  expect(await handle.result()).toEqual(zeroCounts());
});

test('a run that was paused goes on where it was, also when it then has to continue as new', async () => {
  const handle = await longRun();
  await handle.signal('pause');
  await expect.poll(stateOf(handle), SOON).toBe('paused');
  // Nobody handles these: they only fill the history.
  for (let sent = 0; sent < 4_500; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => handle.signal('filler')));
  }
  const chain = stack.client.workflow.getHandle(handle.workflowId);
  await handle.signal('resume');
  await expect
    .poll(async () => (await chain.describe()).runId, SOON)
    .not.toBe(handle.firstExecutionRunId);
  expect(await handle.result()).toMatchObject({ received: 120, acknowledged: 120 });
});

test('what a sharded run is told reaches its shards', async () => {
  await stack.send(loginMessages(120));
  const handle = await stack.start({ batchSize: 1, lanes: 1, shards: 2 });
  await expect.poll(async () => (await stack.rows()).length, SOON).toBeGreaterThan(3);
  await handle.signal('drain');
  const counts = await handle.result();
  expect(counts.received).toBeLessThan(120);
  expect(counts.acknowledged).toBe(counts.received);
});
