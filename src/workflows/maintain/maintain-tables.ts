import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../../activities/maintain/maintain-partitions.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import type { PartitionsMaintained } from '../../domain/tables/maintenance.ts';

/** Started by its schedule, once a day. Each step decides from the tables and the settings of its worker what to do. */
export async function maintainTables(): Promise<{ partitions: PartitionsMaintained }> {
  const { maintainPartitions } = proxyActivities<MaintenanceActivities>({
    // Moving 10 million rows takes about an hour. An attempt goes on where the one before stopped.
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: '12 seconds',
    retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '5 minutes' },
    summary: clearSummary('move rows of the default partition, make the partitions of new months'),
  });
  return { partitions: await maintainPartitions({}) };
}
