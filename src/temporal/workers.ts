import type { Client, ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../domain/names.ts';
import type { VersionRouting } from './deployment/version-routing.ts';

const { TaskQueueType, WorkerVersioningMode } = proto.temporal.api.enums.v1;

/** A poll lasts a minute, and Temporal notices a worker's death only when the next poll is missing. */
const RECENT_MS = 75_000;

/** Counts the workers that have recently polled our task queue; some may have stopped since. */
export const workerCount = async (client: Client): Promise<number> =>
  (await listPollers(client.connection, client.options.namespace)).length;

/** Returns the identities of these workers, by default process and host. */
export async function listPollers(
  connection: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<string[]> {
  const { pollers } = await describeQueue(connection, namespace);
  return [...new Set(pollers.map(({ identity }) => identity ?? ''))].sort();
}

/** Which version new runs go to, and which versions poll. */
export async function readVersionRouting(
  connection: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
): Promise<VersionRouting> {
  const { pollers, versioningInfo } = await describeQueue(connection, namespace);
  const current = versioningInfo?.currentDeploymentVersion;
  return {
    current: current ? versionName(current) : undefined,
    polling: pollers.map(({ deploymentOptions: own }) =>
      own?.workerVersioningMode === WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
        ? versionName(own)
        : undefined,
    ),
  };
}

type Version = { deploymentName?: string | null; buildId?: string | null };

/** As Temporal writes it. */
const versionName = ({ deploymentName, buildId }: Version): string =>
  `${deploymentName}:${buildId}`;

async function describeQueue(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
) {
  const { pollers, ...described } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  const recent = (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < RECENT_MS,
  );
  return { ...described, pollers: recent };
}
