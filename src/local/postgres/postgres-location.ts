import { createHash } from 'node:crypto';
import { lstat, mkdir, readlink, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { PostgresAccount } from './postgres-account.ts';
import { canEnter } from './reachability.ts';
import { isOwnDirectory, openStore, storePath } from './traversable-store.ts';

/** The files beside the data directory. */
export function filesBeside(realDirectory: string) {
  return {
    password: `${realDirectory}.password`,
    passwordForInitdb: `${realDirectory}.pwfile`,
    unfinished: `${realDirectory}.initializing`,
    lock: `${realDirectory}.lock`,
  };
}

/**
 * Returns the requested directory or, if the account cannot enter it (a clone below a directory of root with mode 0700),
 * one in /var/tmp, to which the requested path becomes a symbolic link.
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
    // A cleaner may have removed it: create it again.
    await openStore(storeOf(requested));
    return target;
  }
  await mkdir(dirname(requested), { recursive: true });
  if (account === undefined || (await canEnter(dirname(requested), account))) return requested;
  // Replace only an empty directory.
  await rmdir(requested).catch(() => {});
  if ((await lstat(requested).catch(() => undefined)) !== undefined) {
    throw new Error(
      `PostgreSQL cannot get to its data in ${requested}: the user it runs as ` +
        `(uid ${account.uid}) may not pass a directory above it. Open that one, or use --reset`,
    );
  }
  const store = storeOf(requested);
  // No link points to it, so it belonged to a clone that is gone.
  if (await isOwnDirectory(store)) await rm(store, { recursive: true, force: true });
  await openStore(store);
  const target = join(store, 'data');
  await symlink(target, requested);
  return target;
}

/** Removes the data, its password and any directory in /var/tmp. */
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
