import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../domain/names.ts';

/** A poll lasts a minute, and Temporal notices a worker's death only when the next poll is missing. */
const RECENT_MS = 75_000;

/** Counts the workers that have recently polled our task queue; some may have stopped since. */
export const workerCount = async (client: Client): Promise<number> =>
  (await listPollers(client)).length;

/** Returns the identities of these workers, by default process and host. */
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
