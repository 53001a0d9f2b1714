/** The workflow that keeps the tables' partitions, and its schedule: contracts, like those in `names.ts`. */
export const MAINTENANCE_WORKFLOW_TYPE = 'maintainTables';
export const MAINTENANCE_SCHEDULE_ID = 'maintain-tables';

/** What was done to the partitions of `user_logins`. */
export type PartitionsMaintained = {
  /** Rows moved out of the default partition. */
  moved: number;
  /** Partitions made. */
  made: number;
  /** Months (`YYYY-MM`) that still have none, since a row of the default partition came in between. */
  missing: string[];
};
