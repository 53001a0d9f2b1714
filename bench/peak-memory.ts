import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SAMPLE_EVERY_MS = 500;

export type PeakMemory = { stop(): Promise<number> };

/**
 * The peak resident memory of a process in bytes. Linux records it since the process' start; elsewhere `ps` runs twice a
 * second.
 */
export function watchPeakMemory(pid: number): PeakMemory {
  if (process.platform === 'linux') return { stop: () => highWaterMark(pid) };
  let peakBytes = 0;
  const ended = new AbortController();
  const sampling = (async () => {
    while (!ended.signal.aborted) {
      peakBytes = Math.max(peakBytes, await residentBytes(pid));
      await delay(SAMPLE_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await sampling;
      return peakBytes;
    },
  };
}

async function highWaterMark(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

async function residentBytes(pid: number): Promise<number> {
  const listed = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => undefined);
  return Number(listed?.stdout.trim() ?? 0) * 1024;
}
