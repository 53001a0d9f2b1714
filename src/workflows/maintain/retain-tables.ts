import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../../activities/maintain/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { CUSTODIAN_TASK_QUEUE } from '../../domain/rotation/rotation.ts';
import type { RetentionDone } from '../../domain/tables/retention.ts';
import { MAINTENANCE } from '../activity-options.ts';

/**
 * Started once a day by a schedule of the custodian's, in whose namespace and on whose task queue it runs: workers can neither
 * detach nor drop a month. Its step decides from the settings of the custodian's worker and the tables what to do.
 */
export async function retainTables(): Promise<RetentionDone> {
  const { applyRetention } = proxyActivities<MaintenanceActivities>({
    ...MAINTENANCE,
    taskQueue: CUSTODIAN_TASK_QUEUE,
    summary: clearSummary('remove what the settings of the custodian keep no longer'),
  });
  return applyRetention({});
}
