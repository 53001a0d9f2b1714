import {
  Client,
  type ConnectionLike,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { TASK_QUEUE } from '../../domain/names.ts';
import { CUSTODIAN_TASK_QUEUE } from '../../domain/rotation/rotation.ts';
import { DAY_MS } from '../../domain/tables/days.ts';
import { MAINTENANCE, RETENTION } from '../../domain/tables/maintenance.ts';

const HOUR_MS = 3_600_000;

type Daily = { workflowType: string; scheduleId: string };

/** Creates a schedule that starts a workflow without input once a day, and leaves one that exists as it is. */
async function ensureDaily(
  client: Client,
  { workflowType, scheduleId }: Daily,
  { taskQueue, atHour }: { taskQueue: string; atHour: number },
): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId,
      spec: { intervals: [{ every: DAY_MS, offset: atHour * HOUR_MS }] },
      action: { type: 'startWorkflow', workflowType, taskQueue, workflowId: scheduleId, args: [] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: DAY_MS },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/** The maintenance of the tables, at 03:00 UTC. */
export const ensureMaintenanceSchedule = (client: Client): Promise<void> =>
  ensureDaily(client, MAINTENANCE, { taskQueue: TASK_QUEUE, atHour: 3 });

/** The custodian's retention, in the custodian's namespace, after the maintenance. */
export const ensureRetentionSchedule = (
  connection: ConnectionLike,
  namespace: string,
): Promise<void> =>
  ensureDaily(new Client({ connection, namespace }), RETENTION, {
    taskQueue: CUSTODIAN_TASK_QUEUE,
    atHour: 4,
  });

export async function deleteMaintenanceSchedule(client: Client): Promise<void> {
  try {
    await client.schedule.getHandle(MAINTENANCE.scheduleId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
