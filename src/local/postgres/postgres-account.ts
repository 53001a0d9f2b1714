import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The user that runs PostgreSQL. */
export type PostgresAccount = { readonly uid: number; readonly gid: number };

const run = promisify(execFile);
// The account of Linux packages, the one of macOS, and one that every system has.
const candidates = ['postgres', '_postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root, so as root it runs as another existing user: the owner of existing data, if any.
 * Undefined means our own user.
 */
export async function postgresAccount(dataDirectory: string): Promise<PostgresAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(join(dataDirectory, 'PG_VERSION')).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of candidates) {
    const account = await accountOf(name);
    if (account !== undefined) return account;
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user to run it as ' +
      `(tried ${candidates.join(', ')}). Run this as an ordinary user`,
  );
}

async function accountOf(name: string): Promise<PostgresAccount | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}
