import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { WorkerVersion } from '../../config/sections/temporal-section.ts';
import { Problem } from '../../errors/problem.ts';
import { grpcStatus, NOT_FOUND } from '../temporal-problem.ts';

const POLL_INTERVAL_MS = 1_000;
/** No worker of the version polls yet, or another call is changing the deployment. */
const NOT_YET = [NOT_FOUND, 9, 10, 14];

/**
 * Lets new runs go to a build. Temporal refuses a build whose workers have not polled: this tries again until they do.
 * @throws Problem when they have not done so within `waitMs`
 */
export async function setCurrentVersion(
  { workflowService, options }: Client,
  { deploymentName, buildId }: WorkerVersion,
  waitMs: number,
): Promise<void> {
  const deadline = performance.now() + waitMs;
  const { namespace, identity } = options;
  for (;;) {
    try {
      await workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        ...(identity && { identity }),
      });
      return;
    } catch (error) {
      if (!NOT_YET.includes(grpcStatus(error) ?? 0)) throw error;
      if (performance.now() + POLL_INTERVAL_MS > deadline) throw noPollers(error);
      await delay(POLL_INTERVAL_MS);
    }
  }
}

const noPollers = (error: unknown): Problem =>
  new Problem(
    'the current version is not set',
    grpcStatus(error) === NOT_FOUND
      ? 'Temporal has not seen a worker of this deployment and build'
      : 'the workers of this build do not poll all task queues of the current one',
    'Start its workers, with the same TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID, or give --wait 5m.',
  );
