import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../../activities/maintain/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import type { PartitionsMaintained } from '../../domain/tables/maintenance.ts';
import { MAINTENANCE } from '../activity-options.ts';

/** Started by its schedule, once a day. Its step decides from the tables what to do. */
export async function maintainTables(): Promise<PartitionsMaintained> {
  const { maintainPartitions } = proxyActivities<MaintenanceActivities>({
    ...MAINTENANCE,
    summary: clearSummary('move rows of the default partition, make the partitions of new months'),
  });
  return maintainPartitions({});
}
