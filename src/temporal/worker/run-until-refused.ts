import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import { Problem } from '../../errors/problem.ts';
import type { RefusalWatch } from '../../telemetry/health/refusal-watch.ts';
import { temporalProblem } from '../temporal-problem.ts';

/** A worker that shuts down waits for its polls, which a server that refuses it may never end. */
const STOP_WITHIN_MS = 10_000;

export function shutDown(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
}

/**
 * Runs the workers of a process, one per task queue, until they shut down. When one of them ends, the others do.
 * @throws Problem when a worker fails, or its credentials are refused for too long
 */
export async function runUntilRefused(
  workers: readonly Worker[],
  watch: RefusalWatch,
): Promise<void> {
  const running = runAll(workers);
  const givenUp = watch.gaveUp.then(async (problem) => {
    shutDown(workers);
    const stopped = running.catch(() => undefined);
    await Promise.race([stopped, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    throw problem;
  });
  try {
    await Promise.race([running, givenUp]);
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The SDK stops polling after about a minute of refusals.
    throw watch.refused() ?? temporalProblem('the worker stopped', error);
  }
  if (watch.hasGivenUp()) await givenUp;
}

async function runAll(workers: readonly Worker[]): Promise<void> {
  const runs = workers.map((worker) => worker.run().finally(() => shutDown(workers)));
  await Promise.allSettled(runs);
  await Promise.all(runs);
}
