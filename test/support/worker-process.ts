import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProcessExit, startProcess } from '../../src/local/process/child-process.ts';
import { programEnvironment } from './program-environment.ts';
import { makeTestDirectory } from './test-directory.ts';

const WORKER = fileURLToPath(new URL('../../src/worker.ts', import.meta.url));

export type WorkerProcess = {
  pid: number;
  /** Resolves when the process has ended for any reason. */
  exited: Promise<ProcessExit>;
  hasExited(): boolean;
  /** Returns everything that it has written so far. */
  log(): Promise<string>;
  /** Sends SIGTERM and waits for longer than the worker's grace period. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Kills the process if it still runs, and removes its log. */
  remove(): Promise<void>;
};

const STOP_WITHIN_MS = 45_000;

/** Starts `node src/worker.ts`, or another script, with only this environment. */
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

/** Waits until the worker polls for work. @throws Error with its log when it ended instead */
export async function untilRunning(worker: WorkerProcess): Promise<WorkerProcess> {
  for (;;) {
    const log = await worker.log();
    if (log.includes('worker is running')) return worker;
    if (worker.hasExited()) throw new Error(`the worker ended while starting:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
