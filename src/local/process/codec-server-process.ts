import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { environmentWithOnly } from '../../config/process-environment.ts';
import { type RunningProcess, startProcess } from './child-process.ts';
import { untilReady } from './server-readiness.ts';

const LOGIN_ETL = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const NAME = 'The codec server';
const READY_WITHIN_MS = 30_000;

/** Starts the codec server in its own process, as in production, and waits until it answers. */
export async function startCodecServerProcess(options: {
  environment: Record<string, string>;
  port: number;
  tokenFile: string;
  logFile: string;
  signal: AbortSignal;
}): Promise<RunningProcess> {
  await ensureToken(options.tokenFile);
  const server = await startProcess({
    name: NAME,
    command: process.execPath,
    args: ['--', LOGIN_ETL, 'codec-server'],
    env: environmentWithOnly(options.environment),
    logFile: options.logFile,
  });
  await untilReady({
    name: NAME,
    server,
    timeoutMs: READY_WITHIN_MS,
    signal: options.signal,
    probe: async () => {
      await fetch(`http://127.0.0.1:${options.port}/health`);
    },
  });
  return server;
}

async function ensureToken(path: string): Promise<void> {
  if (existsSync(path)) return;
  await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
}
