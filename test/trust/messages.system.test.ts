import { randomUUID } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import { expect, test } from 'vitest';
import { chunks, concatenated } from '../../src/batch/parts-payload.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import type { IngestHandle } from '../support/start-stack.ts';
import { attackedStack, foreigner, stack } from './support/attacked-stack.ts';
import { type Copied, plain } from './support/foreigner.ts';

const MESSAGES = 20;
const REFUSED = { failed: 'PayloadRefused' };

attackedStack();

/** A run that has received a batch and masked it, and was terminated before it could store it. */
async function runBeforeItsInsert(): Promise<IngestHandle> {
  await stack.send(loginMessages(MESSAGES));
  const locking = await stack.pool.connect();
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    const handle = await stack.start({ lanes: 1 });
    await expect
      .poll(async () => (await foreigner.copy(handle.workflowId, 'maskBatch')).result, {
        timeout: 20_000,
      })
      .toHaveLength(1);
    await handle.terminate();
    return handle;
  } finally {
    locking.release(true);
  }
}

const onOurQueue = (activity: string, payloads: readonly Payload[], activityId?: string) => ({
  taskQueue: TASK_QUEUE,
  activity,
  payloads,
  ...(activityId !== undefined && { activityId }),
});

async function expectNothingLost(): Promise<void> {
  const { visible, inFlight } = await stack.queueDepth();
  expect(visible + inFlight).toBe(MESSAGES);
}

/** The third part of what was received, in a payload of parts that nobody sealed. */
function plainHandles({ result: [received] }: Copied): Payload {
  const [, , , handles] = chunks(received?.data as Uint8Array);
  const head = Buffer.from(
    JSON.stringify({ plain: { batchNumber: 1, count: MESSAGES }, names: ['receiptHandles'] }),
  );
  return {
    metadata: { encoding: Buffer.from('binary/parts') },
    data: concatenated([head, handles as Uint8Array]),
  };
}

test('messages are not deleted by copied receipt handles in a plain payload', async () => {
  const { workflowId } = await runBeforeItsInsert();
  const received = await foreigner.copy(workflowId, 'receiveBatch');
  const acknowledge = onOurQueue('acknowledgeBatch', [plainHandles(received)]);
  expect(await foreigner.call([acknowledge])).toEqual([REFUSED]);
  // Nor under the id of the run whose messages they are.
  expect(await foreigner.call([acknowledge], workflowId)).toEqual([REFUSED]);
  await expectNothingLost();
});

test('messages are not deleted by copied sealed payloads, whichever they are', async () => {
  const { workflowId } = await runBeforeItsInsert();
  const [received, masked] = [
    await foreigner.copy(workflowId, 'receiveBatch'),
    await foreigner.copy(workflowId, 'maskBatch'),
  ];
  const calls = [received, masked].flatMap(({ activityId, input, result }) =>
    [input, result].map((payloads) => onOurQueue('acknowledgeBatch', payloads, activityId)),
  );
  for (const call of calls) {
    for (const id of [undefined, workflowId]) {
      expect(await foreigner.call([call], id)).toEqual([REFUSED]);
    }
  }
  await expectNothingLost();
});

test('an argument of a genuine run is of no use in a workflow of another id, or for another activity', async () => {
  await stack.send(loginMessages(MESSAGES));
  const handle = await stack.start();
  await handle.result();
  const steps = ['receiveBatch', 'maskBatch', 'insertBatch', 'acknowledgeBatch', 'recordRun'];
  const copies = await Promise.all(
    steps.map((activity) => foreigner.copy(handle.workflowId, activity)),
  );
  const elsewhere = steps.map((activity, index) =>
    onOurQueue(activity, copies[index]?.input ?? [], copies[index]?.activityId),
  );
  expect(await foreigner.call(elsewhere)).toEqual(steps.map(() => REFUSED));
  const asAnother = steps.map((activity, index) => {
    const copy = copies[(index + 1) % steps.length] as Copied;
    return onOurQueue(activity, copy.input, copy.activityId);
  });
  expect(await foreigner.call(asAnother, handle.workflowId)).toEqual(steps.map(() => REFUSED));
});

test('every step refuses a plain argument', async () => {
  await stack.send(loginMessages(MESSAGES));
  const runId = randomUUID();
  const counts = {
    received: 9,
    inserted: 9,
    duplicates: 0,
    quarantined: 0,
    acknowledged: 9,
    batches: 1,
  };
  const requests = {
    receiveBatch: { maxMessages: 10, maxBytes: 1e6, maxHistoryBytes: 1e6, anySize: true },
    maskBatch: { batchNumber: 1, count: 1 },
    insertBatch: { batch: { runId, workflowId: 'x', startedAtMs: 1, number: 1 } },
    acknowledgeBatch: { batchNumber: 1, count: 1 },
    recordRun: {
      runId,
      workflowId: 'x',
      startedAtMs: 1,
      finishedAtMs: 2,
      outcome: 'completed',
      counts,
    },
  };
  const calls = Object.entries(requests).flatMap(([activity, request]) => [
    onOurQueue(activity, [plain(request)]),
    onOurQueue(activity, [plain({ ...request, activity })]),
    onOurQueue(activity, []),
  ]);
  const outcomes = await foreigner.call(calls);
  expect(outcomes).toEqual(calls.map(() => REFUSED));
  await expectNothingLost();
  const { rows } = await stack.pool.query('select from ingest_runs where run_id = $1', [runId]);
  expect(rows).toEqual([]);
});

test('signals and queries with arguments are refused, and the run goes on', async () => {
  await stack.send(loginMessages(MESSAGES));
  const { workflowId } = await stack.start({ maxMessages: 10, batchSize: 5 });
  const handle = foreigner.client.workflow.getHandle(workflowId);
  await handle.signal('pause', { plain: true }).catch(() => undefined);
  await expect(handle.query('progress', { plain: true })).rejects.toThrow();
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({
    acknowledged: 10,
  });
});

test('a plain input is enough to start a run, and no plain value takes the place of what a run hands on', async () => {
  await stack.send(loginMessages(MESSAGES));
  const start = (args: unknown[]) =>
    foreigner.client.workflow.start('ingestLogins', {
      taskQueue: TASK_QUEUE,
      workflowId: `plain-${randomUUID()}`,
      args,
    });
  const ours = ({ workflowId }: { workflowId: string }) =>
    stack.client.workflow.getHandle(workflowId).result();
  expect(await ours(await start([{ maxMessages: 5 }]))).toMatchObject({ acknowledged: 5 });
  const carried = { counts: { received: 1e9, batches: 1e6 }, state: 'draining' };
  await expect(ours(await start([{}, carried]))).rejects.toMatchObject({
    cause: { type: 'PayloadRefused' },
  });
  expect(await ours(await start([]))).toMatchObject({ acknowledged: MESSAGES - 5 });
});

test('a replay of quarantined messages starts with a sealed input only', async () => {
  const workflowId = `replay-quarantine-${randomUUID()}-1`;
  await foreigner.client.workflow.start('replayQuarantine', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [{ replayId: randomUUID(), count: 1 }],
  });
  await expect(stack.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
    cause: { type: 'PayloadRefused' },
  });
  const { rows } = await stack.pool.query('select from ingest_runs');
  expect(rows).toEqual([]);
});
