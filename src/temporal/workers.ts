import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../domain/names.ts';

/** A worker's poll lasts a minute, so one that has not been heard of for longer is gone. */
const RECENT_MS = 75_000;

/** How many workers ask for work on our task queue. */
export const workerCount = async (client: Client): Promise<number> =>
  (await listWorkers(client)).length;

/** Who they are: by default process and host. */
export async function listWorkers(client: Client): Promise<string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  const recent = (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < RECENT_MS,
  );
  return [...new Set(recent.map(({ identity }) => identity ?? ''))].sort();
}
