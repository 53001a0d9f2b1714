import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { isProcessAlive } from './process-group.ts';

type LockOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Called once if another process holds the lock. */
  readonly onWait?: (() => void) | undefined;
};

const touchIntervalMs = 2_000;
const staleAfterMs = 30_000;
const pollMs = 200;

/** Lets one process at a time do the work. Takes over a lock whose holder died or no longer touches it. */
export async function withLock<T>(
  lockFile: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  await acquire(lockFile, options);
  const touching = setInterval(() => {
    const now = new Date();
    utimes(lockFile, now, now).catch(() => {});
  }, touchIntervalMs);
  touching.unref();
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(lockFile, { force: true });
  }
}

async function acquire(lockFile: string, { signal, onWait }: LockOptions): Promise<void> {
  let waited = false;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await writeFile(lockFile, `${process.pid}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isStale(lockFile)) {
      await rm(lockFile, { force: true });
      continue;
    }
    if (!waited) onWait?.();
    waited = true;
    await sleep(pollMs);
  }
}

async function isStale(lockFile: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, text] = await Promise.all([stat(lockFile), readFile(lockFile, 'utf8')]);
    if (Date.now() - mtimeMs > staleAfterMs) return true;
    // An empty file is just being written by its holder.
    const holder = Number.parseInt(text, 10);
    return Number.isInteger(holder) && !isProcessAlive(holder);
  } catch {
    // The lock was released in the meantime.
    return false;
  }
}
