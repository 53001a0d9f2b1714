import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import {
  CUSTODIAN_TASK_QUEUE,
  ROTATION_WORKFLOW_ID,
  ROTATION_WORKFLOW_TYPE,
} from '../../src/domain/rotation/rotation.ts';
import { startRotation } from '../../src/temporal/rotation/steer-rotation.ts';
import {
  addMaskingKey,
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
  const keys = addMaskingKey(stack.env.MASKING_KEYS ?? '', 'next', randomBytes(32));
  await stack.startWorker({ MASKING_KEYS: keys });
  const own = { ...stack, env: { ...stack.env, TEMPORAL_NAMESPACE: NAMESPACE } };
  custodian = await spawnCustodian(own, keys);
  foreigner = await startForeigner(stack);
});
afterAll(async () => {
  await foreigner?.stop();
  await custodian?.remove();
  await stack?.stop();
});

test("a custodian's worker in a namespace of its own rotates, while ingestion goes on in another", async () => {
  const old = maskerOf(stack.env.MASKING_KEYS ?? '');
  await fillVault(stack.pool, vaultPrivateKey(stack).publicKey, old, range(0, ROWS));
  await insertRows(
    stack.pool,
    old,
    range(0, ROWS).map((n) => ({ ip: n, device: n })),
  );
  await startRotation(custodians, {
    ...(await requested(stack, 'in its own namespace')),
    pauseMsBetweenPasses: 200,
  });
  await stack.send(loginMessages(5));
  await expect(stack.run()).resolves.toMatchObject({ received: 5, acknowledged: 5 });
  const rotation = custodians.workflow.getHandle(ROTATION_WORKFLOW_ID);
  await expect.poll(() => remasked(), { timeout: 30_000 }).toBeGreaterThanOrEqual(ROWS);
  await rotation.signal('stop').catch(() => undefined);
});

const remasked = async () =>
  (await stack.pool.query(`select from user_logins where mask_key_id = 'next'`)).rowCount;

test('nobody takes what is scheduled for a custodian in the namespace of ingestion', async () => {
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
