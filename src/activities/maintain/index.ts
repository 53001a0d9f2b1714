import type { createApplyRetentionActivity } from './apply-retention.ts';
import type { createMaintainPartitionsActivity } from './maintain-partitions.ts';

/** Workflows import only this type. The first runs on the worker, the second on the custodian's. */
export type MaintenanceActivities = ReturnType<typeof createMaintainPartitionsActivity> &
  ReturnType<typeof createApplyRetentionActivity>;
