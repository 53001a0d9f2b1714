// Runs on whatever Node npm itself runs on, before anything is installed: plain JavaScript, no dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.package-lock.json';

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  process.stdout.write('Installing what is missing (npm ci) …\n');
  // npm itself may run on an older Node than the one that the project brings: its warnings about that are noise.
  const ci = ['ci', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const command = npm ? [process.execPath, [npm, ...ci]] : ['npm', ci];
  const { status } = spawnSync(command[0], command[1], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
