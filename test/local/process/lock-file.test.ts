import { access, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { withLock } from '../../../src/local/process/lock-file.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

async function lockPath(): Promise<string> {
  return join(await temporaryDirectory(), 'lock');
}

test('one at a time does the work, and the lock is gone afterwards', async () => {
  const lock = await lockPath();
  let atWork = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    atWork += 1;
    most = Math.max(most, atWork);
    await new Promise((resolve) => setImmediate(resolve));
    atWork -= 1;
  };
  await Promise.all([withLock(lock, work), withLock(lock, work), withLock(lock, work)]);
  expect(most).toBe(1);
  await expect(access(lock)).rejects.toThrow('ENOENT');
});

test('a lock is released when the work fails', async () => {
  const lock = await lockPath();
  await expect(withLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(lock, async () => 'done')).toBe('done');
});

test('a lock whose holder died is taken over', async () => {
  const lock = await lockPath();
  // Above any id a system gives.
  await writeFile(lock, '999999999\n');
  expect(await withLock(lock, async () => 'done')).toBe('done');
});

test('a lock that nobody has touched for long is taken over, whoever has its id now', async () => {
  const lock = await lockPath();
  await writeFile(lock, `${process.pid}\n`);
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  expect(await withLock(lock, async () => 'done')).toBe('done');
});

test('waiting for a lock is announced once and ends with an abort', async () => {
  const lock = await lockPath();
  await writeFile(lock, `${process.pid}\n`);
  const abort = new AbortController();
  let announced = 0;
  const waiting = withLock(lock, async () => 'never', {
    signal: abort.signal,
    onWait() {
      announced += 1;
      abort.abort(new Error('enough'));
    },
  });
  await expect(waiting).rejects.toThrow('enough');
  expect(announced).toBe(1);
});
