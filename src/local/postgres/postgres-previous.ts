import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { isProcessAlive } from '../process/process-group.ts';

const run = promisify(execFile);
const waitMs = 10_000;
const pollMs = 100;

/**
 * Handles a leftover postmaster.pid. Waits for a server that is still stopping, as after its starter was killed. If
 * another program has the process id now, as is common in containers, PostgreSQL would never start, so the file is
 * removed. PostgreSQL handles all other cases, including remaining processes of the old server.
 */
export async function settlePreviousServer(directory: string, signal?: AbortSignal): Promise<void> {
  const pidFile = join(directory, 'postmaster.pid');
  const deadline = Date.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    const pid = await readPid(pidFile);
    if (pid === undefined || !isProcessAlive(pid)) return;
    if (!(await isPostgres(pid))) {
      await rm(pidFile, { force: true });
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `PostgreSQL runs on ${directory} already (process ${pid}). Stop what started it ` +
          '(another `npm start`?), or end that process',
      );
    }
    await sleep(pollMs);
  }
}

async function readPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Math.abs(Number.parseInt(text, 10));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function isPostgres(pid: number): Promise<boolean> {
  return /postgres/.test(await commandOf(pid));
}

async function commandOf(pid: number): Promise<string> {
  // Slim containers have no ps; macOS has no /proc.
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (fromProc !== undefined) return fromProc.split('\0')[0] ?? '';
  const listed = await run('ps', ['-o', 'comm=', '-p', String(pid)]).catch(() => undefined);
  // If nothing can tell, assume PostgreSQL, which is safe.
  return listed?.stdout ?? 'postgres';
}
