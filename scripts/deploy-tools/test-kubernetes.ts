import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { toolPath } from './directory.ts';
import { CHECK_TOOLS, CLUSTER_TOOLS } from './tools.ts';

// A program that runs test/kubernetes on a cluster of one node on this machine, after it has built what that needs. It
// must run as root on Debian. Arguments go to Vitest.
const PACKAGES = [
  ...['buildah', 'conntrack', 'containerd', 'containernetworking-plugins', 'etcd-server'],
  ...['iproute2', 'iptables', 'mmdebstrap', 'runc'],
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
  'runc',
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
run(
  process.execPath,
  'node_modules/vitest/vitest.mjs',
  ...['run', '--config', 'vitest.kubernetes.config.ts', ...process.argv.slice(2)],
);
