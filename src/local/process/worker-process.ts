import { fileURLToPath } from 'node:url';
import { Problem } from '../../errors/problem.ts';
import { type RunningProcess, startProcess } from './child-process.ts';

const WORKER = fileURLToPath(new URL('../../worker.ts', import.meta.url));

/** Starts the worker in its own process, as in production. */
export function startWorkerProcess(options: {
  env: NodeJS.ProcessEnv;
  logFile: string;
}): Promise<RunningProcess> {
  return startProcess({
    name: 'The worker',
    command: process.execPath,
    args: [WORKER],
    ...options,
    stopSteps: [{ signal: 'SIGTERM', waitMs: 6_000 }],
  });
}

/** Rejects with the worker's last lines when it ends. */
export async function whenWorkerFails(worker: RunningProcess): Promise<never> {
  const { code, signal } = await worker.exited;
  throw new Problem(
    'the worker has stopped',
    `it ended with ${signal ?? `exit code ${code}`}`,
    `Its last lines:\n${worker.lastLines(10)}`,
  );
}
