import { createHash } from 'node:crypto';
import { lstat, mkdir, readlink, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { PostgresAccount } from './postgres-account.ts';
import { canEnter } from './reachability.ts';
import { isOwnDirectory, openStore, storePath } from './traversable-store.ts';

/** Where the data of this directory really lies, and what may lie beside it. */
export function filesBeside(realDirectory: string) {
  return {
    password: `${realDirectory}.password`,
    passwordForInitdb: `${realDirectory}.pwfile`,
    unfinished: `${realDirectory}.initializing`,
    lock: `${realDirectory}.lock`,
  };
}

/**
 * The directory asked for, or, if the account cannot get there (a clone in a directory of root's
 * with mode 0700), one in /var/tmp, with a symbolic link to it at the place asked for.
 */
export async function locatePostgresData(
  dataDirectory: string,
  account: PostgresAccount | undefined,
): Promise<string> {
  const requested = resolve(dataDirectory);
  const linked = await readlink(requested).catch(() => undefined);
  if (linked !== undefined) {
    const target = resolve(dirname(requested), linked);
    if (target !== join(storeOf(requested), 'data') || account === undefined) return target;
    // It may have been cleaned away from under the link: then it is made again.
    await openStore(storeOf(requested));
    return target;
  }
  await mkdir(dirname(requested), { recursive: true });
  if (account === undefined || (await canEnter(dirname(requested), account))) return requested;
  // An empty directory was made for us; one with something in it is not ours to replace.
  await rmdir(requested).catch(() => {});
  if ((await lstat(requested).catch(() => undefined)) !== undefined) {
    throw new Error(
      `PostgreSQL cannot get to its data in ${requested}: the user it runs as ` +
        `(uid ${account.uid}) may not pass a directory above it. Open that one, or use --reset`,
    );
  }
  const store = storeOf(requested);
  // No link points there, so what is in it belonged to a clone that is gone.
  if (await isOwnDirectory(store)) await rm(store, { recursive: true, force: true });
  await openStore(store);
  const target = join(store, 'data');
  await symlink(target, requested);
  return target;
}

/** Removes the data, its password and, where there is one, the directory in /var/tmp. */
export async function removePostgresData(dataDirectory: string): Promise<void> {
  const requested = resolve(dataDirectory);
  const linked = await readlink(requested).catch(() => undefined);
  const store = storeOf(requested);
  if (linked === join(store, 'data') && (await isOwnDirectory(store))) {
    await rm(store, { recursive: true, force: true });
  }
  for (const path of [requested, ...Object.values(filesBeside(requested))]) {
    await rm(path, { recursive: true, force: true });
  }
}

function storeOf(requested: string): string {
  return storePath(createHash('sha256').update(requested).digest('hex').slice(0, 16));
}
