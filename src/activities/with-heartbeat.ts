import { Context } from '@temporalio/activity';
import { toFailure } from './to-failure.ts';

/** A third of the shortest heartbeat timeout that the workflow gives. */
const HEARTBEAT_EVERY_MS = 3_000;

/**
 * Runs an activity's work: heartbeats, so that a dead worker is noticed within seconds, and failures that
 * say what to do and hold no value.
 * @param work may report its progress, which the next attempt finds in its heartbeat details
 */
export async function withHeartbeat<T>(
  step: string,
  work: (report: (progress: unknown) => void) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  // Of an earlier attempt, until there is more: a heartbeat without it would lose it.
  let progress: unknown = context.info.heartbeatDetails;
  const beat = () => context.heartbeat(progress);
  const timer = setInterval(beat, HEARTBEAT_EVERY_MS);
  try {
    return await work((done) => {
      progress = done;
      beat();
    });
  } catch (error) {
    throw toFailure(step, error);
  } finally {
    clearInterval(timer);
  }
}
