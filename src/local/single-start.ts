import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../errors/problem.ts';
import { isProcessAlive } from './process/process-group.ts';

/** Allows one `npm start` per checkout, since two would share data files. Takes over the lock of a killed process. */
export async function claimSingleStart(lock: string): Promise<() => void> {
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
  const holder = Number.parseInt(await readFile(lock, 'utf8').catch(() => ''), 10);
  if (Number.isInteger(holder) && holder !== process.pid && isProcessAlive(holder)) {
    throw new Problem(
      'npm start is already running in this directory',
      `process ${holder} holds ${lock}`,
      'Use that one, or stop it first.',
    );
  }
  await writeFile(lock, `${process.pid}\n`);
  return () => rmSync(lock, { force: true });
}
