import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import type { Progress } from '../../../src/domain/progress.ts';
import { readLatestRuns } from '../../../src/postgres/runs/read-runs.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { reportBacklog } from '../../support/report-backlog.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterEach(() => stack?.sqs.proxy.setFault());
afterAll(() => stack?.stop());

const BACKLOG = 40_000;
/** The first batch is full, and some are left. */
const MESSAGES = 800;

/** More than the shards receive before they wait. */
const MANY = 3_000;
/** Two steps of three events, four workflow tasks of three, the start, the end and the entries of lists. */
const EVENTS_OF_AN_EMPTY_RUN = 21;

const progress = (handle: IngestHandle): Promise<Progress> => handle.query('progress');

test('a run without an input leaves a backlog to shards with larger batches, and says so', async () => {
  const ids = await stack.send(loginMessages(MESSAGES));
  reportBacklog(stack, BACKLOG);
  const handle = await stack.start();
  expect(await handle.result()).toMatchObject({
    received: MESSAGES,
    inserted: MESSAGES,
    acknowledged: MESSAGES,
  });
  expect((await stack.rows()).map((row) => row.message_id).sort()).toEqual(ids.sort());

  const { chosen, lanes, counts } = await progress(handle);
  expect(chosen).toMatchObject({ backlog: BACKLOG, shards: 2, lanes: 2, batchSize: 6_000 });
  expect([lanes, counts.received]).toEqual([4, MESSAGES]);
  const { currentDetails } = await handle.query<{ currentDetails: string }>(
    '__temporal_workflow_metadata',
  );
  expect(currentDetails).toMatch(
    /^\*\*completed\*\*\n.*\| 800 \| 800 .*\nchosen for a backlog of about 40000 messages: 2 shards.*\n- shard-1: /s,
  );

  const since = new Date(0);
  const { runs } = await readLatestRuns(stack.pool, { since, withEmpty: true, limit: 10 });
  expect(runs).toHaveLength(1);
  expect(runs[0]?.ownCounts?.received).toBe(500);
  expect(runs[0]?.counts?.received).toBe(MESSAGES);
  expect(runs[0]?.children).toHaveLength(2);
});

test.each([
  ['an input wins', { lanes: 3 }],
  ['a bound counts as the size of a larger backlog', { maxMessages: 10_000 }],
])('%s: the run has no shards', async (_, input) => {
  await stack.send(loginMessages(MESSAGES));
  reportBacklog(stack, BACKLOG);
  const handle = await stack.start(input);
  expect(await handle.result()).toMatchObject({ received: MESSAGES });
  expect((await progress(handle)).chosen).toBeUndefined();
  const { events } = await handle.fetchHistory();
  expect(events?.some((event) => event.startChildWorkflowExecutionInitiatedEventAttributes)).toBe(
    false,
  );
});

test('a run that cannot learn the size of the backlog drains it with the defaults', async () => {
  await stack.send(loginMessages(MESSAGES));
  stack.sqs.proxy.setFault(({ action }, passOn) =>
    action === 'GetQueueAttributes' ? undefined : passOn(),
  );
  expect(await stack.run()).toMatchObject({ received: MESSAGES, acknowledged: MESSAGES });
});

test('a run on an empty queue costs one call of SQS and two steps', async () => {
  stack.sqs.proxy.forget();
  const handle = await stack.start();
  expect(await handle.result()).toEqual(zeroCounts());
  const receives = stack.sqs.proxy.calls.filter(({ action }) => action === 'ReceiveMessage');
  expect(receives).toHaveLength(1);
  const { events } = await handle.fetchHistory();
  expect(events).toHaveLength(EVENTS_OF_AN_EMPTY_RUN);
});

test('a run that is cancelled while its shards drain stores and deletes what they have in hand', async () => {
  const { handle, release } = await whileShardsHoldBatches();
  await handle.cancel();
  release();
  await expect(handle.result()).rejects.toThrow('Workflow execution cancelled');
  const stored = await storedOnce();
  const { rows } = await stack.pool.query<{ outcome: string; acknowledged: number }>(
    'select outcome, acknowledged::int from ingest_runs',
  );
  expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['cancelled']));
  expect(rows.reduce((sum, { acknowledged }) => sum + acknowledged, 0)).toBe(stored);
});

test('what a run is told reaches the shards that it chose', async () => {
  const { handle, release } = await whileShardsHoldBatches();
  const shard = stack.client.workflow.getHandle(`${handle.workflowId}/shard-1`);
  const state = async () => (await shard.query<Progress>('progress')).state;
  await handle.signal('pause');
  await expect.poll(state, { timeout: 15_000 }).toBe('paused');
  await handle.signal('drain');
  await expect.poll(state, { timeout: 15_000 }).toBe('stopping');
  release();
  const counts = await handle.result();
  expect(counts).toMatchObject({ received: counts.acknowledged, inserted: await storedOnce() });
});

/** The first batch and those of the shards wait for a lock. */
async function whileShardsHoldBatches() {
  await stack.send(loginMessages(MANY));
  reportBacklog(stack, BACKLOG);
  const locking = await stack.pool.connect();
  await locking.query('begin; lock table user_logins in access exclusive mode');
  const handle = await stack.start();
  const shardsOpen = async () => (await handle.describe()).raw.pendingChildren?.length;
  await expect.poll(shardsOpen, { timeout: 20_000 }).toBe(2);
  return { handle, release: () => locking.release(true) };
}

/** Checks that the other messages are in the queue. @returns the number of rows */
async function storedOnce(): Promise<number> {
  const stored = (await stack.rows()).length;
  expect(stored).toBeGreaterThanOrEqual(500);
  expect(await stack.queueDepth()).toEqual({ visible: MANY - stored, inFlight: 0 });
  return stored;
}
