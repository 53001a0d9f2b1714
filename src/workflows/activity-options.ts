import type { ActivityOptions } from '@temporalio/workflow';

/** No activity hears from a dead worker: noticed after this long. Activities beat every three seconds. */
const HEARTBEAT_TIMEOUT = '12 seconds';

/**
 * SQS: a batch takes a second or two, of which one is a long poll; the SDK has tried three times by itself
 * before a failure gets here. Tried for as long as it takes: SQS comes back, and a scheduled run is not
 * started beside this one. What is final (no such queue, no permission) says so and ends the run.
 */
export const RECEIVE: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Pure computing, milliseconds a batch: a retry only ever means that the worker went away. */
export const MASK: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/**
 * Postgres: longer than the pool's own statement timeout, so that its error arrives and not ours. Tried for as
 * long as it takes: the lane waits with its batch, and receives nothing that could not be stored.
 */
export const INSERT: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '15 seconds' },
};

/** SQS again: the batch is stored, so a late delete costs nothing but duplicates that are counted as such. */
export const ACKNOWLEDGE: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** One row in the ledger, after everything else is done: waits for Postgres as an insert does. */
export const RECORD: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '15 seconds' },
};

/** A run that has failed is to say so soon, with or without its row in the ledger. */
export const RECORD_FAILURE: ActivityOptions = { ...RECORD, scheduleToCloseTimeout: '30 seconds' };
