import type { ActivityOptions } from '@temporalio/workflow';

/** A dead worker is noticed after this time. Activities send a heartbeat every three seconds. */
const HEARTBEAT_TIMEOUT = '12 seconds';

/**
 * A batch takes one or two seconds, including a long poll of one second. The SDK has tried three times before a failure
 * gets here. Retries are unlimited, since SQS recovers and no scheduled run starts meanwhile. A permanent error (no such
 * queue, no permission) is not retryable and ends the run.
 */
export const RECEIVE: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Takes milliseconds per batch and uses no server: a retry means that the worker died. */
export const MASK: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/**
 * Longer than the pool's statement timeout, so that the error of Postgres is reported instead of a timeout. Retries are
 * unlimited: the lane waits with its batch and receives no messages that it could not store.
 */
export const INSERT: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '15 seconds' },
};

/** The batch is stored, so a late delete only causes redeliveries, which count as duplicates. */
export const ACKNOWLEDGE: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Writes the run's row in the ledger at its end. Waits for Postgres as an insert does. */
export const RECORD: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '15 seconds' },
};

/** Only shown to people: the next look comes soon. */
export const COUNT_SHARDS: ActivityOptions = {
  scheduleToCloseTimeout: '30 seconds',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { maximumAttempts: 1 },
};

/** A failed run must report its failure soon, with or without its row in the ledger. */
export const RECORD_FAILURE: ActivityOptions = { ...RECORD, scheduleToCloseTimeout: '30 seconds' };

/** Retried without limit, since Postgres and Temporal recover. */
export const RECOVER: ActivityOptions = {
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** An attempt goes on where the one before stopped; after half a day the next day's maintenance does. */
export const MAINTENANCE: ActivityOptions = {
  startToCloseTimeout: '12 hours',
  scheduleToCloseTimeout: '12 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '5 minutes' },
};
