import type { ConnectionLike } from '@temporalio/client';
import { whyRunsWait } from '../../temporal/deployment/version-routing.ts';
import { readVersionRouting } from '../../temporal/workers.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

const TIMEOUT_MS = 5_000;

/** Whether Temporal gives new runs to a worker that polls: with worker versioning it may not. */
export function versionSource(connection: ConnectionLike, namespace: string): Source {
  const served = meter().createGauge(
    'login_etl_new_runs_served',
    'float',
    undefined,
    '1 when a worker polls that new runs go to; 0 when none of the current version does',
  );
  return {
    name: 'version',
    sample: () =>
      connection.withDeadline(Date.now() + TIMEOUT_MS, async () => {
        served.set(whyRunsWait(await readVersionRouting(connection, namespace)) ? 0 : 1);
      }),
  };
}
