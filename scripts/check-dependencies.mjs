// Fails on an install script that package.json does not list (`allowScripts`), and on an advisory of level high or above.
// A registry that is unreachable or has no audit endpoint is reported, but is not a failure.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const failures = [...unlistedScripts(), ...advisories()];
for (const failure of failures) process.stderr.write(`dependencies: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

function unlistedScripts() {
  const listed = readJson('package.json').allowScripts;
  return Object.entries(readJson('package-lock.json').packages)
    .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
    .filter((name) => listed[name] === undefined)
    .map((name) => `${name} has an install script that allowScripts in package.json does not list`);
}

function advisories() {
  const audit = ['audit', '--json', '--audit-level=high', '--fetch-retries=0', '--loglevel=silent'];
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm, ...audit]] : ['npm', audit];
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = {};
  }
  if (!report.metadata) {
    process.stdout.write('npm audit: skipped, since the registry gives no answer to it\n');
    return [];
  }
  const { high, critical } = report.metadata.vulnerabilities;
  process.stdout.write('npm audit: done\n');
  return high + critical > 0
    ? [`${high + critical} have an advisory of level high or critical: see \`npm audit\``]
    : [];
}
