import type { VersioningBehavior } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import type { WorkerVersion } from '../../config/sections/temporal-section.ts';

/** Opts a worker in to worker versioning. A workflow may choose another behavior than this one. */
export const workerVersion = (
  version: WorkerVersion | undefined,
  defaultVersioningBehavior: VersioningBehavior,
): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  version === undefined
    ? {}
    : {
        workerDeploymentOptions: {
          version,
          useWorkerVersioning: true,
          defaultVersioningBehavior,
        },
      };
