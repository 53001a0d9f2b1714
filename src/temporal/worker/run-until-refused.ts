import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import { Problem } from '../../errors/problem.ts';
import type { RefusalWatch } from '../../telemetry/health/refusal-watch.ts';
import { temporalProblem } from '../temporal-problem.ts';

/** A worker that shuts down waits for its polls, which a server that refuses it may never end. */
const STOP_WITHIN_MS = 10_000;

/**
 * Runs a worker until it shuts down.
 * @throws Problem when the worker fails, or its credentials are refused for too long
 */
export async function runUntilRefused(worker: Worker, watch: RefusalWatch): Promise<void> {
  const running = worker.run();
  const givenUp = watch.gaveUp.then(async (problem) => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
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
