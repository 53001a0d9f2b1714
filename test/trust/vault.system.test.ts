import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import {
  beginRotation,
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_TYPE,
} from '../../src/domain/rotation/rotation.ts';
import { boundedTransaction } from '../../src/postgres/bounded-transaction.ts';
import { eraseOriginals } from '../../src/postgres/vault/erase-originals.ts';
import { LOCK_VAULT } from '../../src/postgres/vault/vault-lock.ts';
import {
  addMaskingKey,
  maskerOf,
  requested,
  startTestCustodian,
  vaultPrivateKey,
} from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { fillVault, insertRows, range } from '../support/data/vaulted-rows.ts';
import { attackedStack, foreigner, stack } from './support/attacked-stack.ts';
import { plain } from './support/foreigner.ts';

const ROWS = 10;
const STEPS = [
  'beginRotation',
  'remaskBatch',
  'setOriginalsAside',
  'removeOriginals',
  'removeDataKeys',
  'endRotation',
  'findOldKeyWriters',
] as const;

let stopCustodian: () => Promise<void>;

attackedStack(async (started) => {
  const keys = addMaskingKey(started.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
  // A rotation does not begin while a worker masks with the old key.
  await started.startWorker({ MASKING_KEYS: keys });
  stopCustodian = await startTestCustodian(started, keys);
});
afterAll(() => stopCustodian?.());

/** Rows and originals of the key from before. */
async function fill(): Promise<void> {
  const masker = maskerOf(stack.env.MASKING_KEYS ?? '');
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, masker, range(0, ROWS));
  const rows = range(0, ROWS).map((n) => ({ ip: n, device: n }));
  await insertRows(stack.pool, masker, rows);
}

/** What nobody but a rotation on record may change. */
async function state(): Promise<unknown> {
  const { rows } = await stack.pool.query(`
    select (select count(*) from vault) as vault, (select count(*) from vault_set_aside) as aside,
      (select count(*) from vault_data_keys) as keys, (select count(*) from audit_log) as audit,
      (select count(*) from user_logins where mask_key_id = 'next') as remasked`);
  return rows[0];
}

const rotate = (args: unknown[], workflowId: string, client = stack.client) =>
  client.workflow.start(ROTATION_WORKFLOW_TYPE, {
    taskQueue: CUSTODIAN_TASK_QUEUE,
    workflowId,
    args,
  });

test('every step of a rotation refuses a plain argument', async () => {
  await fill();
  const before = await state();
  const request = { toKeyId: 'next', runId: randomUUID(), rows: 1e6, reason: 'forged' };
  const calls = STEPS.flatMap((activity) =>
    [request, { ...request, activity }].map((each) => ({
      taskQueue: CUSTODIAN_TASK_QUEUE,
      activity,
      payloads: [plain(each)],
    })),
  );
  expect(await foreigner.call(calls)).toEqual(calls.map(() => ({ failed: 'PayloadRefused' })));
  expect(await state()).toEqual(before);
});

test('a rotation starts with a sealed input only, and never from a state that somebody made up', async () => {
  await fill();
  const before = await state();
  const forged = { state: { ...beginRotation('next'), phase: 'removing data keys' } };
  const inputs = [
    [{ reason: 'forged' }],
    [{ reason: 'forged' }, forged],
    [{ reason: 'forged' }, { fromRunId: undefined, ...forged }],
  ];
  for (const args of inputs) {
    const workflowId = `forged-${randomUUID()}`;
    await rotate(args, workflowId, foreigner.client);
    await expect(stack.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
      cause: { type: 'PayloadRefused' },
    });
  }
  expect(await state()).toEqual(before);
});

test('a rotation begins only with a request that a custodian has put on record, for this reason', async () => {
  await fill();
  const { requestId } = await requested(stack, 'approved');
  const before = await state();
  const sealed = [
    { reason: 'approved' },
    { reason: 'approved', requestId: randomUUID() },
    { reason: 'another', requestId },
  ];
  for (const input of sealed) {
    const handle = await rotate([input], `unrequested-${randomUUID()}`);
    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'RotationRefused', message: expect.stringContaining('requested') } },
    });
  }
  expect(await state()).toEqual(before);
});

test('steps of a rotation that has ended change nothing when they are copied', async () => {
  await fill();
  const workflowId = `rotate-${randomUUID()}`;
  await (await rotate([await requested(stack, 'genuine')], workflowId)).result();
  const copies = await Promise.all(STEPS.map((step) => foreigner.copy(workflowId, step)));
  await fill();
  const before = await state();
  const calls = STEPS.map((activity, index) => ({
    taskQueue: CUSTODIAN_TASK_QUEUE,
    activity,
    activityId: copies[index]?.activityId ?? '',
    payloads: copies[index]?.input ?? [],
  }));
  expect(await foreigner.call(calls)).toEqual(calls.map(() => ({ failed: 'PayloadRefused' })));
  // Under its own id they are what they were, but the rotation is over.
  const outcomes = await foreigner.call(calls, workflowId);
  expect(outcomes).toMatchObject([
    { failed: 'RotationRefused' },
    ...STEPS.slice(1, -2).map(() => ({ failed: 'RotationNotOnRecord' })),
    ...[{ done: true }, { done: true }],
  ]);
  // Nor for another step.
  const asAnother = calls.map((call, index) => ({
    ...call,
    activity: STEPS[(index + 1) % STEPS.length] as string,
  }));
  expect(await foreigner.call(asAnother, workflowId)).toEqual(
    calls.map(() => ({ failed: 'PayloadRefused' })),
  );
  expect(await state()).toEqual(before);
});

/** A finished run whose subjects were erased, and whose rows were dropped since. */
async function erasedRun(): Promise<string> {
  await stack.send(loginMessages(ROWS));
  const handle = await stack.start();
  await handle.result();
  const { rows } = await stack.pool.query<{ user_id: string }>(
    'select distinct user_id from user_logins',
  );
  for (const { user_id: userId } of rows) {
    await boundedTransaction(stack.pool, LOCK_VAULT, (client) =>
      eraseOriginals(client, { userId, keepShared: false }),
    );
  }
  await stack.pool.query('delete from user_logins');
  expect(await inVault()).toBe(0);
  return handle.workflowId;
}

const inVault = async () => (await stack.pool.query('select from vault')).rowCount;

test('erased originals do not come back from a copied insert', async () => {
  const workflowId = await erasedRun();
  const { activityId, input } = await foreigner.copy(workflowId, 'insertBatch');
  const insert = { taskQueue: TASK_QUEUE, activity: 'insertBatch', activityId, payloads: input };
  expect(await foreigner.call([insert])).toEqual([{ failed: 'PayloadRefused' }]);
  await foreigner.call([insert], workflowId);
  expect(await inVault()).toBe(0);
});

test('erased originals do not come back when a run is reset', async () => {
  const workflowId = await erasedRun();
  const { events } = await stack.client.workflow.getHandle(workflowId).fetchHistory();
  const scheduled = events?.find(
    ({ activityTaskScheduledEventAttributes: each }) => each?.activityType?.name === 'insertBatch',
  );
  const { runId } = await stack.client.workflow.getHandle(workflowId).describe();
  await stack.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId:
      scheduled?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId ?? null,
  });
  const counts = await stack.client.workflow.getHandle(workflowId).result();
  expect(counts).toMatchObject({ received: ROWS, inserted: ROWS });
  expect(await stack.rows()).toHaveLength(ROWS);
  expect(await inVault()).toBe(0);
});

test('a login that is sent after an erasure brings its original', async () => {
  await erasedRun();
  await stack.send(loginMessages(ROWS));
  await stack.run();
  expect(await inVault()).toBeGreaterThan(0);
});
