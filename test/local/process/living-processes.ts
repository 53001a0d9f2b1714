import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'vitest';

const run = promisify(execFile);

type Row = { readonly pid: number; readonly parent: number };

/** The process and all that it started, directly or not. */
export async function familyOf(pid: number): Promise<number[]> {
  const rows = await living();
  const family = [pid];
  for (const member of family) {
    family.push(...rows.filter((row) => row.parent === member).map((row) => row.pid));
  }
  return family;
}

/** Zombies count as gone: only init has to take note of them yet. */
export async function expectGone(pids: readonly number[]): Promise<void> {
  await expect
    .poll(async () => (await living()).map((row) => row.pid).filter((pid) => pids.includes(pid)), {
      timeout: 8_000,
    })
    .toEqual([]);
}

async function living(): Promise<Row[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state?.startsWith('Z') === false)
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}
