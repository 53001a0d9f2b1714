import { Worker, type WorkerOptions } from '@temporalio/worker';
import { Problem } from '../../errors/problem.ts';
import { grpcStatus, temporalProblem } from '../temporal-problem.ts';

const WHAT = 'the worker cannot start';

/** @throws Problem when Temporal refuses the worker or the workflow bundle cannot be loaded */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  try {
    return await Worker.create(options);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    if (name === 'TransportError' || grpcStatus(error) !== undefined) {
      throw temporalProblem(WHAT, error);
    }
    throw new Problem(
      WHAT,
      `the workflow bundle cannot be loaded (${name})`,
      'Make it again with `npm run bundle`, and check WORKER_WORKFLOW_BUNDLE.',
    );
  }
}
