import { fileURLToPath } from 'node:url';
import { Problem } from '../../errors/problem.ts';
import { type RunningProcess, startProcess } from './child-process.ts';

const WORKER = fileURLToPath(new URL('../../worker.ts', import.meta.url));

/** The worker in a process of its own, as it runs elsewhere. */
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

/** Rejects when the worker ends by itself, with what it said last. */
export async function whenWorkerFails(worker: RunningProcess): Promise<never> {
  const { code, signal } = await worker.exited;
  throw new Problem(
    'the worker has stopped',
    `it ended with ${signal ?? `exit code ${code}`}`,
    `Its last lines:\n${worker.lastLines(10)}`,
  );
}
