import { execFile } from 'node:child_process';
import { chown, mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTestDirectory } from '../../support/test-directory.ts';

const run = promisify(execFile);

/** A file system of a few megabytes. */
export type TinyDisk = {
  /** Fills it, except for this many bytes. */
  fill(butFor: number): Promise<void>;
  empty(): Promise<void>;
  /** Makes a directory on it, with the owner of another directory. */
  directoryLike(other: string): Promise<string>;
  remove(): Promise<void>;
};

/** Undefined without the right to mount, which takes root. */
export async function makeTinyDisk(megabytes: number): Promise<TinyDisk | undefined> {
  const directory = await makeTestDirectory('disk');
  try {
    const size = `size=${megabytes}m,mode=0755`;
    await run('mount', ['-t', 'tmpfs', '-o', size, 'login-etl-test', directory]);
  } catch {
    await rm(directory, { recursive: true });
    return undefined;
  }
  const filler = join(directory, 'filler');
  return {
    async fill(butFor) {
      // Writes until ENOSPC.
      await writeFile(filler, Buffer.alloc(megabytes * 1024 * 1024)).catch(() => undefined);
      await truncate(filler, (await stat(filler)).size - butFor);
    },
    empty: () => rm(filler, { force: true }),
    async directoryLike(other) {
      const { uid, gid } = await stat(other);
      const path = join(directory, 'data');
      await mkdir(path, { mode: 0o700 });
      await chown(path, uid, gid);
      return path;
    },
    async remove() {
      await run('umount', [directory]);
      await rm(directory, { recursive: true });
    },
  };
}
