import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProcessExit, startProcess } from '../../src/local/process/child-process.ts';
import { programEnvironment } from './program-environment.ts';
import { makeTestDirectory } from './test-directory.ts';

const WORKER = fileURLToPath(new URL('../../src/worker.ts', import.meta.url));

export type WorkerProcess = {
  pid: number;
  /** Settles when it has ended, for whatever reason. */
  exited: Promise<ProcessExit>;
  hasExited(): boolean;
  /** All that it has written so far. */
  log(): Promise<string>;
  /** SIGTERM, and as much time as the worker's own grace period takes. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Kills it if it still runs, and removes its log. */
  remove(): Promise<void>;
};

const STOP_WITHIN_MS = 45_000;

/** A real worker process: `node src/worker.ts`, or another one's, with this environment and no other. */
export async function startWorkerProcess(
  env: Readonly<Record<string, string>>,
  script: string = WORKER,
): Promise<WorkerProcess> {
  const directory = await makeTestDirectory('worker');
  const logFile = join(directory, 'worker.log');
  const worker = await startProcess({
    name: 'The worker',
    command: process.execPath,
    args: [script],
    env: { ...programEnvironment(), ...env },
    logFile,
    stopSteps: [{ signal: 'SIGTERM', waitMs: STOP_WITHIN_MS }],
  });
  return {
    ...worker,
    log: () => readFile(logFile, 'utf8'),
    remove: async () => {
      await worker.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The worker once it polls for work. @throws with its log when it ended instead */
export async function untilRunning(worker: WorkerProcess): Promise<WorkerProcess> {
  for (;;) {
    const log = await worker.log();
    if (log.includes('worker is running')) return worker;
    if (worker.hasExited()) throw new Error(`the worker ended while starting:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
