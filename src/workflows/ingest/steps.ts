import {
  ActivityFailure,
  type ActivityOptions,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { ACKNOWLEDGE, INSERT, MASK, RECEIVE } from '../activity-options.ts';

/** Longer than a busy worker takes to begin a step. */
const TAKEN_WITHIN = '5 seconds';

/** The lane of a batch, and the task queue of the worker that caches its parts, if that one is to run its steps. */
export type Place = { lane: number; workerQueue?: string | undefined };

/**
 * Runs a step, with a summary for the Web UI that contains only counts. The worker of the place gets one attempt: one that
 * stands still would take the next attempts, too. If it fails or does not begin in time, any worker runs the step, with its
 * retries, and the later ones.
 */
function at<T>(
  place: Place,
  options: ActivityOptions,
  what: string,
  step: (activities: Activities) => Promise<T>,
): Promise<T> {
  const summary = clearSummary(`lane ${place.lane}: ${what}`);
  const run = (where: ActivityOptions) =>
    step(proxyActivities<Activities>({ ...options, ...where, summary }));
  const { workerQueue: taskQueue } = place;
  if (taskQueue === undefined) return run({});
  const once = { taskQueue, scheduleToStartTimeout: TAKEN_WITHIN, retry: { maximumAttempts: 1 } };
  return run(once).catch((error: unknown) => {
    if (!mayBeRetried(error)) throw error;
    place.workerQueue = undefined;
    return run({});
  });
}

const mayBeRetried = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  (error.cause instanceof TimeoutFailure || error.retryState === 'MAXIMUM_ATTEMPTS_REACHED');

export const steps = {
  receive: (lane: number, ...args: Parameters<Activities['receiveBatch']>) =>
    at({ lane }, RECEIVE, `receive up to ${args[0].maxMessages} messages`, (activities) =>
      activities.receiveBatch(...args),
    ),

  mask: (place: Place, ...args: Parameters<Activities['maskBatch']>) =>
    at(place, MASK, `mask ${args[0].count} messages`, (activities) =>
      activities.maskBatch(...args),
    ),

  insert: (
    place: Place,
    { rows, quarantined }: { rows: number; quarantined: number },
    ...args: Parameters<Activities['insertBatch']>
  ) =>
    at(place, INSERT, `insert ${rows} rows, quarantine ${quarantined}`, (activities) =>
      activities.insertBatch(...args),
    ),

  acknowledge: (place: Place, ...args: Parameters<Activities['acknowledgeBatch']>) =>
    at(place, ACKNOWLEDGE, `acknowledge ${args[0].count} messages`, (activities) =>
      activities.acknowledgeBatch(...args),
    ),
};
