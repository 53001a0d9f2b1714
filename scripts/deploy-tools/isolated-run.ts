import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toolPath } from './directory.ts';
import type { Tool } from './tools.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

export function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** @param packages of Debian, which have the programs */
export function requirePrograms(programs: readonly string[], packages: readonly string[]): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    fail('This needs Linux and root: it starts containers.');
  }
  const path = (process.env.PATH ?? '').split(':');
  const missing = programs.filter((name) => !path.some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0) {
    fail(
      `Not installed: ${missing.join(', ')}. On Debian: apt-get install --no-install-recommends ${packages.join(' ')}; Go from go.dev.`,
    );
  }
}

export function buildTools(tools: Readonly<Record<string, Tool>>): void {
  const unbuilt = Object.entries(tools).filter(([name]) => !existsSync(toolPath(name)));
  if (unbuilt.length === 0) return;
  const minutes = unbuilt.reduce((sum, [, tool]) => sum + tool.minutes, 0);
  process.stderr.write(
    `Once only: building ${unbuilt.length} programs takes about ${minutes} min\n`,
  );
  run(process.execPath, 'scripts/deploy-tools/build.ts', ...unbuilt.map(([name]) => name));
}

const ISOLATED = 'LOGIN_ETL_ISOLATED';

/** Before a test mounts something or configures the network. */
export function requireIsolation(): void {
  if (!process.env[ISOLATED])
    throw new Error('Run this by `npm run test:kubernetes` or test:compose');
}

/**
 * Runs Vitest in namespaces of its own for processes, mounts and the network, and with a temporary directory of its own.
 * When it ends, in whatever way, the kernel ends all that it started, containers too, and removes what was mounted and the
 * network interfaces. @returns its exit code
 */
export async function runIsolated(config: string, args: readonly string[]): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'login-etl-isolated-'));
  chmodSync(directory, 0o755);
  const before = new Set(containerCgroups());
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--pid', '--mount-proc'],
      ...['--fork', '--kill-child', 'sh', '-c', 'ip link set lo up; "$@"; exit $?', 'sh'],
      ...[process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', config, ...args],
    ],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, TMPDIR: directory, [ISOLATED]: '1' } },
  );
  // Vitest gets Ctrl-C from the terminal as well, and stops in order.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill('SIGKILL'));
  }
  const status = await new Promise<number>((resolve) => {
    child.on('error', (error) => fail(`setpriv: ${error.message}`));
    child.on('exit', (code) => resolve(code ?? 1));
  });
  rmSync(directory, { recursive: true, force: true });
  for (const left of containerCgroups()) if (!before.has(left)) removeUnused(left);
  return status;
}

function removeUnused(cgroup: string): void {
  try {
    rmdirSync(cgroup);
  } catch {
    // Another run's.
  }
}

/** A container that was killed leaves its own behind. */
function containerCgroups(): string[] {
  return globSync('/sys/fs/cgroup/{*/,}{k8s.io,libpod_parent/*}/*/').toSorted().reverse();
}
