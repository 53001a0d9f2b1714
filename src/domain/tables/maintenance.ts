/** Workflow types and schedule ids are contracts, like those in `names.ts`. */
export const MAINTENANCE = {
  workflowType: 'maintainTables',
  scheduleId: 'maintain-tables',
} as const;
/** Of the custodian's worker. */
export const RETENTION = { workflowType: 'retainTables', scheduleId: 'retain-tables' } as const;

/** What was done to the partitions of `user_logins`. */
export type PartitionsMaintained = {
  /** Rows moved out of the default partition. */
  moved: number;
  /** Partitions made. */
  made: number;
  /** Months (`YYYY-MM`) that still have none, since a row of the default partition came in between. */
  missing: string[];
};
