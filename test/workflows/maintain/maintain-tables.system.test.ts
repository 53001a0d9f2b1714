import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { MAINTENANCE_WORKFLOW_TYPE } from '../../../src/domain/tables/maintenance.ts';
import { partitionsOf, withoutPartition } from '../../postgres/partitions/default-partition.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;
let stopWorker: (() => Promise<void>) | undefined;

beforeAll(async () => {
  stack = await startStack();
  stopWorker = await stack.startWorker();
});
afterAll(async () => {
  await stopWorker?.();
  await stack?.stop();
});

const maintain = (args: unknown[] = []) =>
  stack.client.workflow.execute(MAINTENANCE_WORKFLOW_TYPE, {
    taskQueue: TASK_QUEUE,
    workflowId: 'maintain-tables',
    args,
  });

test('a maintenance moves rows of the default partition to their month, with ingestion running', async () => {
  const month = new Date().toISOString().slice(0, 7);
  const partition = `user_logins_${month.replace('-', '_')}`;
  await withoutPartition(stack.pool, month);
  await stack.send(loginMessages(30));
  await (await stack.start()).result();
  expect(await partitionsOf(stack.pool)).toEqual({ user_logins_default: 30 });
  await stack.send(loginMessages(30));
  const ingesting = await stack.start();
  expect(await maintain()).toMatchObject({ partitions: { made: 0, missing: [] } });
  await ingesting.result();
  await maintain();
  expect(await partitionsOf(stack.pool)).toEqual({ [partition]: 60 });
  expect((await stack.pool.query('select task from maintenance')).rows).toContainEqual({
    task: 'partitions',
  });
});
