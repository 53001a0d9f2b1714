import { addCounts, type Counts, zeroCounts } from '../../../src/domain/counts.ts';
import type { Stack } from '../../support/start-stack.ts';
import { PATIENCE_MS } from './sizes.ts';

/**
 * Run after run, as the schedule does it, until nothing is left on the queue: what a dead worker had received is
 * back when its visibility timeout ends. @returns the counts of all runs
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
