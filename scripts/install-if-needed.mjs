// Runs on npm's own Node before anything is installed, so it is plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.package-lock.json';

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  process.stdout.write('Installing what is missing (npm ci) …\n');
  // npm may run on an older Node than the one that the project installs: hide its warnings about that.
  const ci = ['ci', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const command = npm ? [process.execPath, [npm, ...ci]] : ['npm', ci];
  const { status } = spawnSync(command[0], command[1], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
