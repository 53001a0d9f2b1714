import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { withLock } from '../process/lock-file.ts';
import { runToCompletion } from '../process/run-to-completion.ts';
import type { PostgresAccount } from './postgres-account.ts';
import { filesBeside } from './postgres-location.ts';
import type { PostgresPrograms } from './postgres-programs.ts';

type ClusterOptions = {
  readonly directory: string;
  readonly programs: PostgresPrograms;
  readonly account: PostgresAccount | undefined;
  readonly signal: AbortSignal | undefined;
  /** False for tests, whose data need not survive a power failure: saves a second. */
  readonly sync: boolean;
};

const initdbTimeoutMs = 120_000;
const madeByInitdb = new Set(['base', 'global', 'pg_wal', 'PG_VERSION', 'lost+found']);

/** Creates the data directory unless a complete one exists, and returns the password of `postgres`. */
export async function prepareCluster(options: ClusterOptions): Promise<string> {
  const { password, lock } = filesBeside(options.directory);
  return await withLock(
    lock,
    async () => {
      if (await isComplete(options.directory)) return await readPassword(password);
      await clearHalfMade(options.directory);
      return await initialise(options);
    },
    { signal: options.signal },
  );
}

async function isComplete(directory: string): Promise<boolean> {
  const parts = ['PG_VERSION', join('global', 'pg_control')];
  const found = await Promise.all(parts.map((part) => exists(join(directory, part))));
  return !found.includes(false);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new Error(
      `PostgreSQL's data cannot be read: ${(error as Error).message}. If it was made by root, run ` +
        'as root again, or have root start over with --reset',
    );
  }
}

// A complete directory is renamed into place. An incomplete one is removed only if PostgreSQL made it.
async function clearHalfMade(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  if (names.length > 0 && !names.some((name) => madeByInitdb.has(name))) {
    throw new Error(
      `${directory} is meant for PostgreSQL's data but holds something else ` +
        `(${names.slice(0, 3).join(', ')}). Move that away`,
    );
  }
  await rm(directory, { recursive: true, force: true });
}

async function initialise(options: ClusterOptions): Promise<string> {
  const { directory, account } = options;
  const { password: passwordFile, passwordForInitdb, unfinished } = filesBeside(directory);
  const password = randomBytes(24).toString('base64url');
  await Promise.all([unfinished, passwordForInitdb].map((path) => rm(path, everything)));
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordForInitdb, password, { mode: 0o600, flag: 'wx' });
    if (account !== undefined) {
      await chown(unfinished, account.uid, account.gid);
      await chown(passwordForInitdb, account.uid, account.gid);
    }
    await runInitdb(unfinished, passwordForInitdb, options);
    await writeFile(passwordFile, password, { mode: 0o600 });
    await rename(unfinished, directory);
    return password;
  } finally {
    await Promise.all([unfinished, passwordForInitdb].map((path) => rm(path, everything)));
  }
}

const everything = { recursive: true, force: true } as const;

async function runInitdb(target: string, pwfile: string, options: ClusterOptions): Promise<void> {
  await runToCompletion({
    name: 'Making the PostgreSQL data directory (initdb)',
    command: options.programs.initdb,
    args: [
      ...['--pgdata', target, '--username', 'postgres', '--pwfile', pwfile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-locale', '--no-instructions'],
      ...(options.sync ? [] : ['--no-sync']),
    ],
    env: postgresEnvironment(),
    cwd: dirname(target),
    runAs: options.account,
    timeoutMs: initdbTimeoutMs,
    signal: options.signal,
  });
}

/** Passes none of our variables: PG* would change the server's behaviour, and it must not see keys. */
export function postgresEnvironment(): NodeJS.ProcessEnv | undefined {
  // Windows programs do not start without their system's variables.
  return process.platform === 'win32'
    ? undefined
    : { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };
}

async function readPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new Error(
      `The password of the local PostgreSQL cannot be read: ${(error as Error).message}. ` +
        'Bring the file back, or start over with --reset',
    );
  }
}
