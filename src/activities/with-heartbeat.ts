import { Context } from '@temporalio/activity';
import { toFailure } from './to-failure.ts';

/** A third of the shortest heartbeat timeout that the workflow gives. */
const HEARTBEAT_EVERY_MS = 3_000;

/**
 * Runs an activity's work: heartbeats, so that a dead worker is noticed within seconds, and failures that
 * say what to do and hold no value.
 */
export async function withHeartbeat<T>(step: string, work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
  try {
    return await work();
  } catch (error) {
    throw toFailure(step, error);
  } finally {
    clearInterval(timer);
  }
}
