import { randomBytes, randomUUID } from 'node:crypto';
import { type Payload, RawValue } from '@temporalio/common';
import proto, { type temporal } from '@temporalio/proto';
import { afterAll, expect, test } from 'vitest';
import { payloadCipher } from '../../src/crypto/payloads/payload-cipher.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import {
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_ID,
  ROTATION_WORKFLOW_TYPE,
} from '../../src/domain/rotation/rotation.ts';
import { startRotation } from '../../src/temporal/rotation/steer-rotation.ts';
import { addMaskingKey, requested, startTestCustodian } from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { attackedStack, foreigner, stack } from './support/attacked-stack.ts';
import { answerSteps } from './support/foreign-answers.ts';
import { plain } from './support/foreigner.ts';
import { startWorkflowsOnly } from './support/workflows-only.ts';

let stopCustodian: () => Promise<void>;
let stopWorker: () => Promise<void>;

attackedStack(async (started) => {
  const keys = addMaskingKey(started.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
  // A rotation does not begin while a worker masks with the old key.
  stopWorker = await started.startWorker({ MASKING_KEYS: keys });
  stopCustodian = await startTestCustodian(started, keys);
});
afterAll(() => stopCustodian?.());

const rotation = () => stack.client.workflow.getHandle(ROTATION_WORKFLOW_ID);
const historyOf = async (runId?: string) =>
  (await foreigner.client.workflow.getHandle(ROTATION_WORKFLOW_ID, runId).fetchHistory()).events ??
  [];
const begun = async () =>
  (await stack.pool.query(`select from audit_log where action = 'rotation.begin'`)).rows.length;

test('a copied input starts no second rotation in the name of the custodian', async () => {
  await startRotation(stack.client, await requested(stack, 'approved once'));
  await rotation().result();
  const before = await begun();
  const [started] = await historyOf();
  await foreigner.client.workflowService.startWorkflowExecution({
    namespace: stack.client.options.namespace,
    workflowId: ROTATION_WORKFLOW_ID,
    workflowType: { name: ROTATION_WORKFLOW_TYPE },
    taskQueue: { name: CUSTODIAN_TASK_QUEUE },
    input: started?.workflowExecutionStartedEventAttributes?.input ?? null,
    requestId: randomUUID(),
  });
  await expect(rotation().result()).rejects.toMatchObject({
    cause: { cause: { type: 'RotationRefused' } },
  });
  expect(await begun()).toBe(before);
});

type Resource = Record<string, unknown>;
type Results = temporal.api.common.v1.IPayloads;
const junk = (encoding: string, data: string) =>
  RawValue.fromPayload({
    metadata: { encoding: Buffer.from(encoding) },
    data: Buffer.from(data),
  } as Payload);

const JUNK: readonly [string, string][] = [
  ['json/plain', '{'],
  ['x/y', 'z'],
  ['binary/parts', 'x'],
  ['json/protobuf', '{}'],
];

test.each(JUNK)(
  'a signal with a payload that cannot be read does not stop a run (%s)',
  async (...each) => {
    await stack.send(loginMessages(5));
    const { workflowId } = await stack.start({ lanes: 1 });
    await foreigner.client.workflow.getHandle(workflowId).signal('pause', junk(...each));
    await expect(stack.client.workflow.getHandle(workflowId).result()).resolves.toMatchObject({
      received: 5,
    } satisfies Resource);
  },
);

test.each(JUNK)('an input that cannot be read ends the run at once (%s)', async (...each) => {
  const { workflowId } = await foreigner.client.workflow.start('ingestLogins', {
    taskQueue: TASK_QUEUE,
    workflowId: `junk-${randomUUID()}`,
    args: [junk(...each)],
  });
  await expect(stack.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
    cause: { type: 'PayloadRefused' },
  });
});

/** The results of a run's steps, by activity id. */
async function resultsOf(workflowId: string, runId: string): Promise<Map<string, Results>> {
  const { events } = await foreigner.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const ids = new Map<string, string>();
  const results = new Map<string, Results>();
  for (const { eventId, ...event } of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    if (scheduled) ids.set(String(eventId), String(scheduled.activityId));
    if (completed?.result) {
      results.set(ids.get(String(completed.scheduledEventId)) ?? '', completed.result);
    }
  }
  return results;
}

test('results copied from an earlier rotation end the one that they were answered to', async () => {
  await startRotation(stack.client, await requested(stack, 'on empty tables'));
  const { runId } = await rotation().describe();
  await rotation().result();
  await stopCustodian();
  // The ingest worker has the workflow's code, so that nobody but the foreigner takes a step.
  await stack.client.workflow.start(ROTATION_WORKFLOW_TYPE, {
    taskQueue: TASK_QUEUE,
    workflowId: ROTATION_WORKFLOW_ID,
    args: [{ reason: 'genuine' }],
  });
  const stop = answerSteps(await resultsOf(ROTATION_WORKFLOW_ID, runId), CUSTODIAN_TASK_QUEUE);
  await expect(rotation().result()).rejects.toMatchObject({ cause: { type: 'ForeignResult' } });
  await stop();
}, 150_000);

test('results copied from an earlier run of the same workflow id end the run that they were answered to', async () => {
  await stack.send(loginMessages(5));
  const workflowId = `used-again-${randomUUID()}`;
  const first = await stack.start({}, { workflowId });
  await expect(first.result()).resolves.toMatchObject({ inserted: 5 });
  await stopWorker();
  const stopWorkflows = await startWorkflowsOnly(stack);
  const again = await stack.start({}, { workflowId });
  const stop = answerSteps(await resultsOf(workflowId, first.firstExecutionRunId), TASK_QUEUE);
  await expect(again.result()).rejects.toMatchObject({ cause: { type: 'ForeignResult' } });
  await stop();
  await stopWorkflows();
}, 150_000);

test('a step that is answered with nothing, or as 0.3.0 did, ends the run, and no message is lost', async () => {
  await stack.send(loginMessages(5));
  await stopWorker();
  const stopWorkflows = await startWorkflowsOnly(stack);
  for (const result of [
    undefined,
    await unboundResult({ count: 0 }),
    await unboundResult('text'),
  ]) {
    const run = await stack.start({ lanes: 2 });
    const stop = answerSteps(new Map(), TASK_QUEUE, result);
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'ForeignResult' } });
    await stop();
  }
  await stopWorkflows();
  stopWorker = await stack.startWorker();
  await expect(stack.run()).resolves.toMatchObject({ inserted: 5, acknowledged: 5 });
}, 150_000);

/** A result as 0.3.0 sealed it, bound to nothing. */
async function unboundResult(value: unknown): Promise<Results> {
  const cipher = payloadCipher(stack.config.payloads.keys, 'login-etl/payload/1');
  const { keyId, compression, data } = await cipher.encrypt(
    proto.temporal.api.common.v1.Payload.encode(plain(value)).finish(),
  );
  const metadata = {
    encoding: Buffer.from('binary/encrypted'),
    'encryption-key-id': Buffer.from(keyId),
    compression: Buffer.from(compression),
  };
  return { payloads: [{ metadata, data }] };
}
