import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { grpcStatus, NOT_FOUND } from '../temporal-problem.ts';

const { VersionDrainageStatus } = proto.temporal.api.enums.v1;

/** `drained`: no open run is left on it. `inactive`: it was never current. */
type BuildState = 'current' | 'draining' | 'drained' | 'inactive';
export type Build = { buildId: string; state: BuildState; firstSeenAt: Date | null };

/** The builds of a worker deployment, newest first; undefined when Temporal has seen no worker of it. */
export async function readDeployment(
  { workflowService, options }: Client,
  deploymentName: string,
): Promise<Build[] | undefined> {
  const { namespace } = options;
  const info = await workflowService
    .describeWorkerDeployment({ namespace, deploymentName })
    .then((described) => described.workerDeploymentInfo)
    .catch((error: unknown) => {
      if (grpcStatus(error) === NOT_FOUND) return undefined;
      throw error;
    });
  if (!info) return undefined;
  const current = info.routingConfig?.currentDeploymentVersion?.buildId;
  return (info.versionSummaries ?? [])
    .map(({ deploymentVersion, drainageInfo, createTime }): Build => {
      const buildId = deploymentVersion?.buildId ?? '';
      return {
        buildId,
        state: buildId === current ? 'current' : stateOf(drainageInfo?.status),
        firstSeenAt: createTime ? new Date(Number(createTime.seconds) * 1_000) : null,
      };
    })
    .sort((a, b) => Number(b.firstSeenAt) - Number(a.firstSeenAt));
}

function stateOf(
  status: proto.temporal.api.enums.v1.VersionDrainageStatus | null | undefined,
): BuildState {
  if (status === VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED) return 'drained';
  return status === VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINING
    ? 'draining'
    : 'inactive';
}
