import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerVersion } from '../../config/sections/temporal-section.ts';

/** Opts a worker in to worker versioning. Workflows say for themselves when they move to another build. */
export const workerVersion = (
  version: WorkerVersion | undefined,
): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  version === undefined
    ? {}
    : {
        workerDeploymentOptions: {
          version,
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'AUTO_UPGRADE',
        },
      };
