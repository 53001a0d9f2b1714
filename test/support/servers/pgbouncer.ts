import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { makeTestDirectory } from '../test-directory.ts';

const PROGRAM = '/usr/sbin/pgbouncer';

/** Installed by `apt-get install --no-install-recommends pgbouncer`, as in `.ci/run`. */
export function hasPgbouncer(): boolean {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export type Pgbouncer = {
  /** Returns the URL of the same database through the pooler. */
  through(url: string): string;
  stop(): Promise<void>;
};

/**
 * Starts PgBouncer with its default settings, except for addresses and users.
 * @param urls of the users that connect through it
 */
export async function startPgbouncer(
  urls: readonly [string, ...string[]],
  mode: 'session' | 'transaction',
): Promise<Pgbouncer> {
  const { hostname, port } = new URL(urls[0]);
  const directory = await makeTestDirectory('pgbouncer');
  const listenPort = await freePort();
  const [file, users] = [join(directory, 'pgbouncer.ini'), join(directory, 'users.txt')];
  await writeFile(users, urls.map(userLine).join(''));
  await writeFile(
    file,
    [
      ...['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]'],
      ...['listen_addr = 127.0.0.1', `listen_port = ${listenPort}`, 'unix_socket_dir ='],
      ...['auth_type = plain', `auth_file = ${users}`, `pool_mode = ${mode}`, ''],
    ].join('\n'),
  );
  await chmod(directory, 0o755);
  // It refuses to run as root.
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(PROGRAM, ['-q', file], { stdio: 'ignore', ...asNobody });
  const through = (url: string) =>
    Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(listenPort) }).href;
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilAnswers(through(urls[0]));
  } catch (error) {
    await stop();
    throw error;
  }
  return { through, stop };
}

function userLine(url: string): string {
  const { username, password } = new URL(url);
  return `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`;
}

async function untilAnswers(connectionString: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    const answered = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (answered) return;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error('pgbouncer does not answer');
}
