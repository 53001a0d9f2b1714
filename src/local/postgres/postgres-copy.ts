import { chmod, cp, lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { withLock } from '../process/lock-file.ts';
import type { PostgresPackage } from './postgres-package.ts';
import { openStore, storePath } from './traversable-store.ts';

/**
 * Returns a copy of the programs that any user can run, which all clones on the machine share. If a cleaner of /var/tmp
 * has removed files from it, the copy is replaced.
 */
export async function copyPostgres(installed: PostgresPackage): Promise<string> {
  const store = storePath(`postgres-${installed.version}`);
  await openStore(store);
  const copy = join(store, 'native');
  return await withLock(join(store, 'copying.lock'), async () => {
    if (!(await holdsAll(installed.directory, copy))) await replaceCopy(installed.directory, copy);
    return copy;
  });
}

async function holdsAll(original: string, copy: string): Promise<boolean> {
  for (const name of await filesBelow(original)) {
    const [expected, found] = await Promise.all([
      lstat(join(original, name)),
      lstat(join(copy, name)).catch(() => undefined),
    ]);
    if (found === undefined || found.size !== expected.size) return false;
  }
  return true;
}

async function replaceCopy(original: string, copy: string): Promise<void> {
  const fresh = await mkdtemp(join(dirname(copy), 'copying-'));
  try {
    await cp(original, fresh, { recursive: true, verbatimSymlinks: true });
    await openToAll(fresh);
    // A server that still runs from the old copy keeps its open files.
    await rm(copy, { recursive: true, force: true });
    await rename(fresh, copy);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

// With a strict umask, `npm install` made the originals readable only by root.
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}
