import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../domain/names.ts';

/** A poll lasts a minute, and Temporal learns of a worker's death only by the next one that does not come. */
const RECENT_MS = 75_000;

/** How many workers have polled our task queue of late; some of them may be gone. */
export const workerCount = async (client: Client): Promise<number> =>
  (await listPollers(client)).length;

/** Their identities: by default process and host. */
export async function listPollers(client: Client): Promise<string[]> {
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
