import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../src/local/process/executable-file.ts';
import { toolPath, toolsDirectory } from './deploy-tools/directory.ts';

// A program that checks deploy/, the image and the pipelines with the tools that know them. Exits 1 when one reports an
// error; a tool that is not installed is named, and what it checks is skipped. Tools of Python are installed into the cache
// directory, once.
const cwd = fileURLToPath(new URL('..', import.meta.url));
const classes = mkdtempSync(join(tmpdir(), 'login-etl-jenkinsfile-'));
const workflows = globSync('.github/workflows/*.yml', { cwd }).toSorted();

type Check = readonly [command: string, ...args: string[]];

/** How to get the tools, and what they check. */
const CHECKS: Readonly<Record<string, readonly Check[]>> = {
  'apt-get install --no-install-recommends prometheus prometheus-alertmanager': [
    ['promtool', 'check', 'config', 'deploy/prometheus/prometheus.yml'],
    ['promtool', 'check', 'rules', ...globSync('deploy/prometheus/rules/*.yml', { cwd })],
    ['promtool', 'test', 'rules', ...globSync('deploy/prometheus/tests/*.yml', { cwd })],
    ['amtool', 'check-config', 'deploy/alertmanager/alertmanager.yml'],
  ],
  'npm run deploy-tools -- actionlint': [[toolPath('actionlint'), '-no-color', ...workflows]],
  'pip install --requirement scripts/deploy-tools/requirements.txt': [
    ['hadolint', 'Dockerfile'],
    ['zizmor', '--offline', '--quiet', ...workflows],
    ['check-jsonschema', '--builtin-schema', 'vendor.github-workflows', ...workflows],
    [
      ...(['check-jsonschema', '--builtin-schema', 'vendor.gitlab-ci'] as const),
      ...['--data-transform', 'gitlab-ci', '.gitlab-ci.yml'],
    ],
    ['check-jsonschema', '--builtin-schema', 'vendor.compose-spec', 'docker-compose.yml'],
    ['check-jsonschema', '--builtin-schema', 'vendor.renovate', 'renovate.json'],
  ],
  // Compiling shows errors of syntax; whether Jenkins has the steps, only Jenkins knows.
  'apt-get install --no-install-recommends groovy': [['groovyc', '-d', classes, 'Jenkinsfile']],
  'npm ci': [
    [process.execPath, 'scripts/make-dashboard.ts', '--check'],
    [process.execPath, 'scripts/make-helm-chart.ts', '--check'],
    [process.execPath, 'scripts/helm-chart/check-chart.ts'],
  ],
};

/** Debian's groovyc looks for Java where it need not be. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const java = await findOnPath('java', process.env);
  const own: NodeJS.ProcessEnv = {
    ...(java && { JAVA_HOME: dirname(dirname(realpathSync(java))) }),
    ...process.env,
  };
  const python = join(toolsDirectory(), 'python');
  if (await findOnPath('zizmor', process.env)) return own;
  if (!existsSync(python)) installPythonTools(python);
  return { ...own, PATH: `${own.PATH}:${join(python, 'bin')}`, PYTHONPATH: python };
}

function installPythonTools(directory: string): void {
  process.stderr.write('Installing hadolint, zizmor and check-jsonschema, once: about a minute\n');
  const unfinished = `${directory}.unfinished`;
  const { status } = spawnSync(
    'python3',
    [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade'],
      ...['--root-user-action', 'ignore', '--target', unfinished],
      ...['--requirement', 'scripts/deploy-tools/requirements.txt'],
    ],
    { cwd, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status === 0) renameSync(unfinished, directory);
}

const env = await environment();
for (const [install, checks] of Object.entries(CHECKS)) {
  for (const [command, ...args] of checks) {
    const { error, status } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      process.stderr.write(`SKIPPED: ${args.join(' ')}: ${command} is not installed: ${install}\n`);
    } else if (status !== 0) {
      process.stderr.write(`FAILED: ${command} ${args.join(' ')}\n`);
      process.exitCode = 1;
    }
  }
}
rmSync(classes, { recursive: true });
