import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// A program that checks deploy/ with the tools of Prometheus, Alertmanager and Helm. Exits 1 when one reports an error.
const INSTALL = 'apt-get install --no-install-recommends prometheus prometheus-alertmanager';

const checks: [command: string, ...args: string[]][] = [
  ['promtool', 'check', 'config', 'deploy/prometheus/prometheus.yml'],
  ['promtool', 'check', 'rules', ...globSync('deploy/prometheus/rules/*.yml')],
  ['promtool', 'test', 'rules', ...globSync('deploy/prometheus/tests/*.yml')],
  ['amtool', 'check-config', 'deploy/alertmanager/alertmanager.yml'],
  [process.execPath, 'scripts/make-dashboard.ts', '--check'],
  [process.execPath, 'scripts/make-helm-chart.ts', '--check'],
  [process.execPath, 'scripts/helm-chart/check-chart.ts'],
];

const cwd = fileURLToPath(new URL('..', import.meta.url));
for (const [command, ...args] of checks) {
  const { error, status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    process.stderr.write(
      `SKIPPED: ${command} ${args[0]}: ${command} is not installed: ${INSTALL}\n`,
    );
  } else if (status !== 0) {
    process.stderr.write(`FAILED: ${command} ${args.join(' ')}\n`);
    process.exitCode = 1;
  }
}
