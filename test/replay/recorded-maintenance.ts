import { TASK_QUEUE } from '../../src/domain/names.ts';
import { CUSTODIAN_TASK_QUEUE } from '../../src/domain/rotation/rotation.ts';
import { MAINTENANCE, RETENTION } from '../../src/domain/tables/maintenance.ts';
import { withoutPartition } from '../postgres/partitions/default-partition.ts';
import { startTestCustodian } from '../support/custodian.ts';
import { loginMessages } from '../support/data/login-messages.ts';
import type { Stack } from '../support/stack.ts';

type Recorded = { workflowId: string; firstExecutionRunId: string };
type Cases = Readonly<Record<string, (stack: Stack) => Promise<Recorded>>>;

export const RECORDED_MAINTENANCE: Cases = {
  async completed(stack) {
    await withoutPartition(stack.pool, new Date().toISOString().slice(0, 7));
    await stack.send(loginMessages(20));
    await (await stack.start()).result();
    return ended(stack, { ...MAINTENANCE, taskQueue: TASK_QUEUE });
  },
};

export const RECORDED_RETENTION: Cases = {
  async completed(stack) {
    const stopCustodian = await startTestCustodian(stack, stack.env.MASKING_KEYS ?? '');
    try {
      return await ended(stack, { ...RETENTION, taskQueue: CUSTODIAN_TASK_QUEUE });
    } finally {
      await stopCustodian();
    }
  },
};

async function ended(
  stack: Stack,
  {
    workflowType,
    scheduleId,
    taskQueue,
  }: Record<'workflowType' | 'scheduleId' | 'taskQueue', string>,
): Promise<Recorded> {
  const handle = await stack.client.workflow.start(workflowType, {
    taskQueue,
    workflowId: scheduleId,
    args: [],
  });
  await handle.result();
  return handle;
}
