import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import {
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_ID,
  ROTATION_WORKFLOW_TYPE,
} from '../../src/domain/rotation/rotation.ts';
import { type RotationStatus, startRotation } from '../../src/temporal/rotation/steer-rotation.ts';
import { listPollers } from '../../src/temporal/workers.ts';
import { loginEtl } from '../cli/in-process.ts';
import { jsonOf } from '../cli/login-etl.ts';
import {
  addMaskingKey,
  custodianEnv,
  maskerOf,
  requested,
  spawnCustodian,
  vaultPrivateKey,
} from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import { fillVault, insertRows, range } from '../support/data/vaulted-rows.ts';
import { type Stack, startStack } from '../support/start-stack.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { type Foreigner, startForeigner } from './support/foreigner.ts';

const NAMESPACE = 'custodians';
const ROWS = 10;
const DAY_SECONDS = 24 * 60 * 60;

let stack: Stack;
let foreigner: Foreigner;
/** With the settings that a custodian has. */
let own: Stack;
let keys: string;
let stopWorker: () => Promise<void>;
let custodian: WorkerProcess;
let custodians: Client;

beforeAll(async () => {
  stack = await startStack();
  await stack.client.workflowService.registerNamespace({
    namespace: NAMESPACE,
    workflowExecutionRetentionPeriod: { seconds: DAY_SECONDS as never },
  });
  const { connection } = stack.client;
  const converter = dataConverter(stack.config.payloads.keys);
  custodians = new Client({ connection, namespace: NAMESPACE, dataConverter: converter });
  // The server's parts learn of a new namespace one after the other.
  while ((await custodians.workflow.count().catch(() => undefined)) === undefined) await delay(100);
  keys = addMaskingKey(stack.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
  stopWorker = await stack.startWorker({ MASKING_KEYS: keys });
  own = { ...stack, env: { ...stack.env, TEMPORAL_CUSTODIAN_NAMESPACE: NAMESPACE } };
  custodian = await spawnCustodian(own, keys);
  foreigner = await startForeigner(stack);
});
afterAll(async () => {
  await foreigner?.stop();
  await custodian?.remove();
  await stack?.stop();
});

const command = (...args: string[]) => loginEtl(custodianEnv(own, keys), args);

test("a custodian's worker in a namespace of its own rotates, but does not end before the runs of ingestion that may insert what was masked with the old key", async () => {
  const old = maskerOf(stack.env.MASKING_KEYS ?? '');
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, range(0, ROWS));
  await insertRows(
    stack.pool,
    old,
    range(0, ROWS).map((n) => ({ ip: n, device: n })),
  );
  await stack.pool.query(
    `insert into workers (worker_id, identity, task_queue, build, mask_key_id, payload_key_ids, stopped_at)
     values (gen_random_uuid(), 'stopped@host', $1, 'old', $2, '{k}', now())`,
    [TASK_QUEUE, old.keyId],
  );
  await stack.send(loginMessages(5));
  const blocker = await stack.pool.connect();
  try {
    await blocker.query('begin; lock table ingest_batches in access exclusive mode');
    const run = await stack.start();
    const pending = async () =>
      (await run.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name);
    await expect.poll(pending).toContain('insertBatch');
    await startRotation(custodians, {
      ...(await requested(stack, 'in its own namespace')),
      pauseMsBetweenPasses: 200,
    });
    await expect
      .poll(() => command('remask', 'status', '--json').then(jsonOf<RotationStatus>))
      .toMatchObject({ progress: { waitingFor: { workers: [], runs: [run.workflowId] } } });
    await blocker.query('commit');
    await expect(run.result()).resolves.toMatchObject({ received: 5, acknowledged: 5 });
  } finally {
    blocker.release(true);
  }
  const rotation = custodians.workflow.getHandle(ROTATION_WORKFLOW_ID);
  await expect(rotation.result()).resolves.toMatchObject({ outcome: 'completed', remasked: ROWS });
});

test('no worker takes custodian steps in the namespace of ingestion', async () => {
  const { taskQueueInfo, pollers } = (await stack.client.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: CUSTODIAN_TASK_QUEUE },
    taskQueueType: 2,
  })) as { taskQueueInfo?: unknown; pollers?: unknown[] };
  expect(taskQueueInfo ?? undefined).toBeUndefined();
  expect(pollers).toEqual([]);
});

test('what was sealed in one namespace is refused in the other', async () => {
  const workflowId = `moved-${randomUUID()}`;
  const handle = await custodians.workflow.start(ROTATION_WORKFLOW_TYPE, {
    taskQueue: 'nobody',
    workflowId,
    args: [await requested(stack, 'sealed here')],
  });
  const [started] = (await handle.fetchHistory()).events ?? [];
  await foreigner.client.workflowService.startWorkflowExecution({
    namespace: 'default',
    workflowId,
    workflowType: { name: ROTATION_WORKFLOW_TYPE },
    taskQueue: { name: 'login-etl' },
    input: started?.workflowExecutionStartedEventAttributes?.input ?? null,
    requestId: randomUUID(),
  });
  await expect(stack.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
    cause: { type: 'PayloadRefused' },
  });
});

test('an erasure reads from Temporal for how long the namespace of ingestion keeps histories', async () => {
  await stack.client.workflowService.updateNamespace({
    namespace: 'default',
    config: { workflowExecutionRetentionTtl: { seconds: (3 * DAY_SECONDS) as never } },
  });
  const args = ['erase', '--user', 'user-0', '--reason', 'case 1', '--yes', '--json'];
  await expect
    .poll(() => command(...args).then(jsonOf<object>))
    .toMatchObject({ remains: { historyRetentionDays: 3 } });
});

/** A worker of a build that does not report its key: it polls, and takes nothing. */
async function startSilentWorker(): Promise<() => Promise<void>> {
  const { connection } = foreigner.client;
  const stopping = new AbortController();
  const polling = connection.withDeadline(Date.now() + 60_000, () =>
    connection.withAbortSignal(stopping.signal, () =>
      connection.workflowService
        .pollWorkflowTaskQueue({
          namespace: 'default',
          taskQueue: { name: TASK_QUEUE },
          identity: 'silent@host',
        })
        .catch(() => undefined),
    ),
  );
  await expect.poll(() => listPollers(connection, 'default')).toContain('silent@host');
  return async () => {
    stopping.abort();
    await polling;
  };
}

test('a rotation is refused while a worker in the namespace of ingestion may mask with another key', async () => {
  const stop = await startSilentWorker();
  try {
    expect(await command('remask', 'start', '--reason', 'yearly')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('silent@host'),
    });
    expect(await command('status', '--json')).toMatchObject({
      stdout: expect.stringContaining('silent@host'),
    });
  } finally {
    await stop();
  }
  await expect
    .poll(() => command('remask', 'status'))
    .toMatchObject({ exitCode: 1, stdout: expect.stringContaining('silent@host') });
});

test('a payload key is kept while a run in either namespace may need it', async () => {
  const withNewKey = { ...own.env, PAYLOAD_KEYS: addPayloadKey() };
  await custodians.workflow.start(ROTATION_WORKFLOW_TYPE, {
    taskQueue: 'nobody',
    workflowId: 'open-rotation',
    args: [await requested(stack, 'not begun')],
  });
  await stopWorker();
  await stack.pool.query('update payload_key_uses set last_used_at = now()');
  const judged = async (env: Readonly<Record<string, string>>) =>
    jsonOf<{ id: string; removableBecause?: string }[]>(
      await loginEtl(env, ['keys', 'list', '--json']),
    ).flatMap(({ removableBecause }) => removableBecause ?? []);
  expect(await judged(withNewKey)).toEqual([expect.stringContaining('open-rotation')]);
  expect(await judged({ ...withNewKey, TEMPORAL_CUSTODIAN_NAMESPACE: '' })).toEqual([
    expect.not.stringContaining('open-rotation'),
  ]);
});

function addPayloadKey(): string {
  const { keys: known } = JSON.parse(stack.env.PAYLOAD_KEYS ?? '') as { keys: object };
  return JSON.stringify({
    active: 'next',
    keys: { ...known, next: randomBytes(32).toString('base64') },
  });
}
