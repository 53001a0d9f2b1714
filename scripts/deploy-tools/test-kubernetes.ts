import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildImages } from './container-images.ts';
import { toolPath } from './directory.ts';
import { CHECK_TOOLS, CLUSTER_TOOLS } from './tools.ts';

// A program that runs test/kubernetes on a cluster of one node on this machine, after it has built what that needs, and
// that leaves nothing of it behind. It must run as root on Debian. Arguments go to Vitest.
const PACKAGES = [
  ...['buildah', 'conntrack', 'containerd', 'containernetworking-plugins', 'etcd-server'],
  ...['iproute2', 'iptables', 'mmdebstrap', 'openssl', 'runc', 'util-linux'],
];
const PROGRAMS = [
  'buildah',
  'containerd',
  'conntrack',
  'ctr',
  'etcd',
  'go',
  'ip',
  'mmdebstrap',
  'openssl',
  'runc',
  'setpriv',
  'unshare',
];
const ROOT = resolve(import.meta.dirname, '../..');

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) fail(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  fail('The cluster test needs Linux and root: it starts containers and a network bridge.');
}
const path = (process.env.PATH ?? '').split(':');
const missing = PROGRAMS.filter((name) => !path.some((folder) => existsSync(join(folder, name))));
if (missing.length > 0) {
  fail(
    `Not installed: ${missing.join(', ')}. On Debian: apt-get install --no-install-recommends ${PACKAGES.join(' ')}; Go from go.dev.`,
  );
}
const tools = { helm: CHECK_TOOLS.helm, ...CLUSTER_TOOLS };
const unbuilt = Object.entries(tools).filter(([name]) => !existsSync(toolPath(name)));
if (unbuilt.length > 0) {
  const minutes = unbuilt.reduce((sum, [, tool]) => sum + tool.minutes, 0);
  process.stderr.write(
    `Once only: building ${unbuilt.length} programs takes about ${minutes} min\n`,
  );
  run(process.execPath, 'scripts/deploy-tools/build.ts', ...unbuilt.map(([name]) => name));
}
// The tests, which have no network, need its CustomResourceDefinitions.
const { module, version } = CLUSTER_TOOLS['keda-operator'];
run('go', 'mod', 'download', `${module}@${version}`);
if (!buildImages()) process.exit(1);
process.stderr.write('The tests take about eight minutes\n');
const directory = mkdtempSync(join(tmpdir(), 'login-etl-kubernetes-'));
chmodSync(directory, 0o755);
const cgroupsBefore = new Set(containerCgroups());
const status = await runIsolated(process.execPath, [
  'node_modules/vitest/vitest.mjs',
  ...['run', '--config', 'vitest.kubernetes.config.ts', ...process.argv.slice(2)],
]);
rmSync(directory, { recursive: true, force: true });
for (const left of containerCgroups()) if (!cgroupsBefore.has(left)) rmdirSync(left);
process.exit(status);

/**
 * Runs a program in namespaces of its own for processes, mounts and the network. When it ends, in whatever way, the kernel
 * ends all that it started, containers too, and removes what was mounted and the network interfaces.
 */
function runIsolated(command: string, args: string[]): Promise<number> {
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--net', '--pid', '--mount-proc'],
      ...['--fork', '--kill-child', 'sh', '-c', 'ip link set lo up; "$@"; exit $?', 'sh'],
      ...[command, ...args],
    ],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, TMPDIR: directory } },
  );
  // Vitest gets Ctrl-C from the terminal as well, and stops in order.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill('SIGKILL'));
  }
  return new Promise((resolve) => {
    child.on('error', (error) => fail(`setpriv: ${error.message}`));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A container that was killed leaves its own behind. */
function containerCgroups(): string[] {
  return globSync('/sys/fs/cgroup/{*/k8s.io,k8s.io}/*/').toSorted();
}
