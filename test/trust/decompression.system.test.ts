import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payloadCipher } from '../../src/crypto/payloads/payload-cipher.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { type Foreigner, startForeigner } from './support/foreigner.ts';

const MIB = 1024 * 1024;
/** Together they would take 2 GiB. */
const COPIES = 512;
const MAX_GROWTH_BYTES = 400 * MIB;

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

let stack: Stack;
let foreigner: Foreigner;
let worker: WorkerProcess;
let payloads: Payload[];

beforeAll(async () => {
  stack = await startStack();
  worker = await stack.spawnWorker();
  foreigner = await startForeigner(stack);
  // As builds before 0.4 sealed it: bound to nothing, so that it opens everywhere.
  const cipher = payloadCipher(stack.config.payloads.keys, 'login-etl/payload/1');
  const plain = PayloadMessage.encode({
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(`{}${' '.repeat(4 * MIB - 100)}`),
  }).finish();
  const { keyId, compression, data } = await cipher.encrypt(plain);
  const sealed = {
    metadata: {
      encoding: Buffer.from('binary/encrypted'),
      'encryption-key-id': Buffer.from(keyId),
      compression: Buffer.from(compression),
    },
    data,
  };
  payloads = Array.from({ length: COPIES }, () => sealed);
});
afterAll(async () => {
  await foreigner?.stop();
  await stack?.stop();
});

async function peakBytes(): Promise<number> {
  const status = await readFile(`/proc/${worker.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** A run whose `insertBatch` waits, and a function that lets it go on. */
async function waitingRun() {
  await stack.send(loginMessages(5));
  const blocker = await stack.pool.connect();
  await blocker.query('begin; lock table user_logins in access exclusive mode');
  const run = await stack.start({ lanes: 1 });
  const inserting = async () =>
    (await run.describe()).raw.pendingActivities?.find(
      ({ activityType }) => activityType?.name === 'insertBatch',
    )?.activityId;
  await expect.poll(inserting).toBeDefined();
  return {
    run,
    activityId: (await inserting()) ?? '',
    release: () => blocker.release(true),
  };
}

type Attack = () => Promise<void>;

const attacks: Record<string, Attack> = {
  async 'inputs of a run'() {
    const workflowId = `large-${randomUUID()}`;
    await foreigner.client.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      workflowType: { name: 'ingestLogins' },
      taskQueue: { name: TASK_QUEUE },
      input: { payloads },
      requestId: randomUUID(),
    });
    await stack.client.workflow
      .getHandle(workflowId)
      .result()
      .catch(() => undefined);
  },
  async 'arguments of a signal'() {
    const { run, release } = await waitingRun();
    await foreigner.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: run.workflowId },
      signalName: 'pause',
      input: { payloads },
    });
    release();
    await expect(run.result()).resolves.toMatchObject({ received: 5, acknowledged: 5 });
  },
  async 'the result of a step'() {
    const { run, activityId, release } = await waitingRun();
    await foreigner.client.workflowService.respondActivityTaskCompletedById({
      namespace: 'default',
      workflowId: run.workflowId,
      activityId,
      result: { payloads },
    });
    const last = async () => (await run.fetchHistory()).events?.at(-1);
    // The worker has looked at the result, whatever it did then.
    await expect
      .poll(async () => {
        const event = await last();
        return (
          event?.activityTaskCompletedEventAttributes ??
          event?.workflowTaskScheduledEventAttributes ??
          event?.workflowTaskStartedEventAttributes
        );
      })
      .toBeFalsy();
    await run.terminate();
    release();
  },
  async 'arguments of a step'() {
    const args = payloads.slice(0, 400);
    await foreigner.call([{ taskQueue: TASK_QUEUE, activity: 'receiveBatch', payloads: args }]);
  },
};

// The peak is Linux's.
describe.skipIf(process.platform !== 'linux')('the memory for decompression is bounded', () => {
  test.each(Object.keys(attacks))('as %s', async (name) => {
    const before = await peakBytes();
    await attacks[name]?.();
    expect(worker.hasExited()).toBe(false);
    expect((await peakBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  });
});
