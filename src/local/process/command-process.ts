import { fileURLToPath } from 'node:url';
import { environmentWithOnly } from '../../config/process-environment.ts';
import { type RunningProcess, startProcess } from './child-process.ts';
import { untilReady } from './server-readiness.ts';

const LOGIN_ETL = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const READY_WITHIN_MS = 30_000;

/** Starts a command that serves HTTP in its own process, as in production, and waits until it answers. */
export async function startCommandProcess(options: {
  name: string;
  command: string;
  environment: Record<string, string>;
  healthUrl: string;
  logFile: string;
  signal: AbortSignal;
}): Promise<RunningProcess> {
  const { name } = options;
  const server = await startProcess({
    name,
    command: process.execPath,
    args: ['--', LOGIN_ETL, options.command],
    env: environmentWithOnly(options.environment),
    logFile: options.logFile,
  });
  await untilReady({
    name,
    server,
    timeoutMs: READY_WITHIN_MS,
    signal: options.signal,
    probe: async () => {
      await fetch(options.healthUrl);
    },
  });
  return server;
}
