import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TestPostgres } from './test-postgres.ts';

/** A copy of a server's files, from which the server can be restored. */
export type SavedDatabase = {
  /** Stops the server and starts it again with the files as they were. */
  restore(): Promise<void>;
  remove(): Promise<void>;
};

/** Copies the files of a stopped server, and starts it again. A restore undoes later commits. */
export async function saveDatabase({ server }: TestPostgres): Promise<SavedDatabase> {
  const copy = `${server.dataDirectory}-saved-${randomBytes(4).toString('hex')}`;
  // As root, the files belong to another account, which they have to keep.
  const copyAll = (from: string, to: string) => promisify(execFile)('cp', ['-a', from, to]);
  await server.stop();
  await copyAll(server.dataDirectory, copy);
  await server.restart();
  return {
    async restore() {
      await server.stop();
      await rm(server.dataDirectory, { recursive: true });
      await copyAll(copy, server.dataDirectory);
      await server.restart();
    },
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}
