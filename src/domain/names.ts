/** Task queue, workflow type and schedule id are contracts: dashboards, tctl lines and alerts name them. */
export const TASK_QUEUE = 'login-etl';
export const WORKFLOW_TYPE = 'ingestLogins';
export const SCHEDULE_ID = 'ingest-logins';

/** The failure type of a receive that a worker refuses because it shuts down. */
export const SHUTTING_DOWN = 'ShuttingDown';

/** The failure type of an acknowledgement when the database lacks the batch: the workflow inserts it again. */
export const NOT_IN_DATABASE = 'NotInDatabase';

/** The task queue that only this worker process polls: it has the parts of the batches that it received. */
export const workerQueueOf = (holder: string): string => `${TASK_QUEUE}/worker-${holder}`;
