import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { acceptArguments } from '../../../src/activities/accept-arguments.ts';
import type { Activities } from '../../../src/activities/index.ts';
import type { Holder } from '../../../src/batch/batch.ts';
import { isReference, isSealedPart, type PartKind, partId } from '../../../src/batch/part.ts';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { newBatchId, partSealer } from '../../../src/crypto/payloads/part-sealer.ts';
import { payloadCodec, sealedPartsOf } from '../../../src/crypto/payloads/payload-codec.ts';
import * as convert from '../../../src/crypto/payloads/payload-converter.ts';
import { INGEST_SETTINGS } from '../../../src/domain/ingest-input.ts';
import { TASK_QUEUE, workerQueueOf } from '../../../src/domain/names.ts';
import { incompressible } from '../../support/data/incompressible.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type RunHistory, runHistories } from '../../support/run-history.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';
import { type IngestHandle, type Stack, startStack } from '../../support/start-stack.ts';
import { testRuntime } from '../../support/test-runtime.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

const INPUTS_OF_THE_FIRST_BATCH = 4;
const PARTS_OF_THE_FIRST_BATCH = 5;

const historyOf = async (handle: IngestHandle): Promise<RunHistory> =>
  (
    await runHistories(stack.client, handle.workflowId, handle.firstExecutionRunId)
  )[0] as RunHistory;

const inputsOf = ({ events }: RunHistory) =>
  events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled && scheduled.activityType?.name !== 'recordRun'
      ? [(scheduled.input?.payloads ?? []).flatMap(sealedPartsOf)]
      : [],
  );

const resultsOf = ({ events }: RunHistory) =>
  events.flatMap(
    ({ activityTaskCompletedEventAttributes: completed }) => completed?.result?.payloads ?? [],
  );

async function holdersOf(history: RunHistory): Promise<(string | undefined)[]> {
  const codec = payloadCodec(stack.config.payloads.keys);
  const plain = await codec.decode(resultsOf(history));
  return plain.map((payload) => convert.payloadConverter.fromPayload<Holder>(payload).holder);
}

test('while one worker does all steps, each part of a batch but the first is in the history once', async () => {
  const stop = await stack.startWorker();
  await stack.send([...loginMessages(300), 'bad', '{}']);
  const handle = await stack.start({ batchSize: 50, lanes: 1 });
  expect(await handle.result()).toMatchObject({ inserted: 300, quarantined: 2, acknowledged: 302 });
  await stop();

  const history = await historyOf(handle);
  const inputs = inputsOf(history).slice(INPUTS_OF_THE_FIRST_BATCH).flat();
  expect(inputs.length).toBeGreaterThan(15);
  expect(inputs.every(isReference)).toBe(true);
  const recorded = resultsOf(history).flatMap(sealedPartsOf);
  expect(recorded.every(isSealedPart)).toBe(true);
  const ids = recorded.map(partId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(inputs.map(partId).every((id) => ids.includes(id))).toBe(true);
});

test('another worker continues with batches that its inputs only refer to: it reads them from the history', async () => {
  const first = await stack.spawnWorker();
  await stack.send([...loginMessages(400), ...Array.from({ length: 20 }, () => 'bad')]);
  const handle = await stack.start({ batchSize: 30, lanes: 2 });
  await expect.poll(async () => (await stack.rows()).length).toBeGreaterThan(0);
  const locking = await stack.pool.connect();
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    // Both lanes have a batch that they cannot store.
    await expect.poll(() => waitingSessions(stack.pool, { table: 'user_logins' })).toBe(2);
    await first.kill();
    await locking.query('commit');
  } finally {
    locking.release(true);
  }
  const stop = await stack.startWorker();
  expect(await handle.result()).toMatchObject({
    ...{ received: 420, inserted: 400, quarantined: 20, acknowledged: 420, duplicates: 0 },
  });
  await stop();
  expect(new Set(await holdersOf(await historyOf(handle))).size).toBeGreaterThan(1);
}, 60_000);

test('with two workers the one that received a batch runs its steps, and parts are in the history once', async () => {
  const stops = [await stack.startWorker(), await stack.startWorker()];
  await stack.send(loginMessages(200));
  const handle = await stack.start({ batchSize: 10, lanes: 4 });
  expect(await handle.result()).toMatchObject({ received: 200, inserted: 200, acknowledged: 200 });
  await Promise.all(stops.map((stop) => stop()));

  const history = await historyOf(handle);
  expect(new Set(await holdersOf(history)).size).toBeGreaterThan(1);
  const inputs = inputsOf(history).flat();
  expect(inputs.length).toBeGreaterThan(50);
  expect(inputs.filter(isSealedPart).length).toBeLessThanOrEqual(PARTS_OF_THE_FIRST_BATCH);
  const queues = queuesOf(history);
  expect(new Set(queues.get('receiveBatch'))).toEqual(new Set([TASK_QUEUE]));
  for (const step of ['maskBatch', 'insertBatch', 'acknowledgeBatch']) {
    const all = queues.get(step) ?? [];
    expect(all.every((queue) => queue.startsWith(`${TASK_QUEUE}/worker-`))).toBe(true);
    expect(new Set(all).size).toBe(2);
  }
});

test('when the worker that received a batch is gone, another one takes its steps within seconds', async () => {
  await startScriptedWorker();
  const handle = await stack.start({ lanes: 1, maxMessages: 1 });
  expect(await handle.result()).toMatchObject({ received: 1, acknowledged: 1 });
  const queues = queuesOf(await historyOf(handle));
  expect(queues.get('maskBatch')).toEqual([GONE, TASK_QUEUE]);
  // The batch waits for it only once.
  expect(queues.get('insertBatch')).toEqual([TASK_QUEUE]);
  expect(queues.get('acknowledgeBatch')).toEqual([TASK_QUEUE]);
}, 30_000);

/** The task queues of each step, in their order. */
const queuesOf = ({ events }: RunHistory): Map<string, string[]> => {
  const all = events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled
      ? [[scheduled.activityType?.name ?? '', scheduled.taskQueue?.name ?? ''] as const]
      : [],
  );
  return new Map(
    [...Map.groupBy(all, ([step]) => step)].map(([step, each]) => [step, each.map(([, q]) => q)]),
  );
};

const GONE = workerQueueOf('gone');

/** Activities that say that a batch was received by a worker that is gone. */
async function startScriptedWorker(): Promise<void> {
  testRuntime();
  const { keys } = stack.config.payloads;
  const batch = newBatchId();
  const part = (kind: PartKind): Promise<never> => {
    const { workflowExecution } = Context.current().info;
    const workflowId = workflowExecution?.workflowId ?? '';
    const { namespace } = stack.config.temporal;
    return partSealer(keys, { namespace, workflowId })(
      { kind, batch },
      randomUUID(),
    ) as Promise<never>;
  };
  const activities: Activities = {
    receiveBatch: async () => ({
      ...{ count: 1, bytes: 100, fifo: false, released: 0, holder: 'gone', workerQueue: GONE },
      ...{ ids: await part('ids'), bodies: await part('bodies') },
      receiptHandles: await part('receiptHandles'),
    }),
    maskBatch: async () => ({ accepted: 1, rejected: 0, masked: await part('masked') }),
    insertBatch: async () => ({
      ...{ inserted: 1, duplicates: 0, quarantined: 0, reasons: {}, refused: [] },
      receipt: await part('receipt'),
    }),
    acknowledgeBatch: async () => ({ acknowledged: 1, expired: 0 }),
    recordRun: async () => ({ searchable: false }),
    countShards: async () => ({ counts: [] }),
  };
  const connection = await NativeConnection.connect({ address: stack.temporal.address });
  const worker = await Worker.create({
    ...{ connection, taskQueue: TASK_QUEUE, activities, dataConverter: dataConverter(keys) },
    namespace: stack.config.temporal.namespace,
    workflowBundle: { codePath: stack.env.WORKER_WORKFLOW_BUNDLE as string },
    interceptors: { activity: [() => ({ inbound: acceptArguments(0) })] },
  });
  const running = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
}

// test/faults/temporal/largest-batches.faults.test.ts has the largest batches of small messages.
test('a batch of large messages stays below the two MiB that Temporal accepts per payload', async () => {
  const stop = await stack.startWorker();
  await stack.send(Array.from({ length: 9 }, () => incompressible(400_000)));
  const { max: maxBatchBytes } = INGEST_SETTINGS.maxBatchBytes;
  const handle = await stack.start({ lanes: 3, batchSize: 10_000, maxBatchBytes });
  expect(await handle.result()).toMatchObject({ acknowledged: 9 });
  await stop();
  const sizes = resultsOf(await historyOf(handle)).map(({ data }) => data?.length ?? 0);
  expect(Math.max(...sizes)).toBeGreaterThan(250_000);
  expect(Math.max(...sizes)).toBeLessThan(2 * 1024 * 1024);
});
