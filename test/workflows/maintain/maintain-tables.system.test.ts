import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/domain/names.ts';
import { CUSTODIAN_TASK_QUEUE } from '../../../src/domain/rotation/rotation.ts';
import { MAINTENANCE, RETENTION } from '../../../src/domain/tables/maintenance.ts';
import { partitionsOf, withoutPartition } from '../../postgres/partitions/default-partition.ts';
import { startTestCustodian } from '../../support/custodian.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  stack = await startStack();
  stopWorker = await stack.startWorker();
});
afterAll(async () => {
  await stopWorker?.();
  await stack?.stop();
});

const maintain = () =>
  stack.client.workflow.execute(MAINTENANCE.workflowType, {
    taskQueue: TASK_QUEUE,
    workflowId: MAINTENANCE.scheduleId,
    args: [],
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
  expect(await maintain()).toMatchObject({ made: 0, missing: [] });
  await ingesting.result();
  await maintain();
  expect(await partitionsOf(stack.pool)).toEqual({ [partition]: 60 });
});

test("the custodian's worker makes the schedule of the retention that its settings ask for, and applies it", async () => {
  const schedule = stack.client.schedule.getHandle(RETENTION.scheduleId);
  const keys = stack.env.MASKING_KEYS ?? '';
  const stopWithout = await startTestCustodian(stack, keys);
  await stopWithout();
  await expect(schedule.describe()).rejects.toThrow('not found');
  const stop = await startTestCustodian(stack, keys, { LOGIN_RETENTION_MONTHS: '13' });
  try {
    expect(await schedule.describe()).toMatchObject({
      action: { workflowType: 'retainTables', taskQueue: CUSTODIAN_TASK_QUEUE },
    });
    await schedule.trigger();
    await expect
      .poll(
        async () => (await stack.pool.query('select task from maintenance order by task')).rows,
        {
          timeout: 30_000,
        },
      )
      .toEqual([{ task: 'partitions' }, { task: 'retention' }]);
  } finally {
    await stop();
    await schedule.delete();
  }
});
