import { addCounts, type Counts, zeroCounts } from '../../../src/domain/counts.ts';
import type { Stack } from '../../support/start-stack.ts';
import { PATIENCE_MS } from './sizes.ts';

/**
 * Starts runs, as the schedule does, until the queue is empty. Messages that a dead worker had received are back when
 * their visibility timeout ends. @returns the sums of all runs
 */
export async function runUntilEmpty(
  stack: Stack,
  input?: unknown,
  withinMs: number = PATIENCE_MS,
): Promise<Counts> {
  const deadline = performance.now() + withinMs;
  const total = zeroCounts();
  for (;;) {
    addCounts(total, await stack.run(input));
    const { visible, inFlight } = await stack.queueDepth();
    if (visible + inFlight === 0) return total;
    if (performance.now() > deadline) {
      throw new Error(
        `the queue is not empty after ${withinMs / 1_000} s: ${visible} visible, ${inFlight} in flight`,
      );
    }
  }
}
