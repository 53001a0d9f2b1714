import { type Command, Option } from 'commander';
import type { Config } from '../../../config/config.ts';
import type { WorkerVersion } from '../../../config/sections/temporal-section.ts';
import { Problem } from '../../../errors/problem.ts';
import { readDeployment } from '../../../temporal/deployment/read-deployment.ts';
import { setCurrentVersion } from '../../../temporal/deployment/set-current.ts';
import { SET_CURRENT, whyRunsWait } from '../../../temporal/deployment/version-routing.ts';
import { readVersionRouting } from '../../../temporal/workers.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withTemporal } from '../../connect/with-temporal.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseDurationMs } from '../../options/duration.ts';
import { printData, printJson } from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';

const NAMED_BY =
  'TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID name the deployment and build.';

const STATUS_HELP = `
A build is \`draining\` while runs are open that it started, then \`drained\`: its workers can be stopped. One that was
never current is \`inactive\`. The exit code is 1 when new runs wait because no worker polls that they go to.

Examples:
  login-etl deployment status
  login-etl deployment status --deployment login-etl --json
${EXIT_CODES_HELP}`;

const SET_CURRENT_HELP = `
New runs then go to the workers of this build. Open runs stay on theirs; a long drain moves when it continues as new.
${NAMED_BY}

Examples:
  login-etl deployment set-current --wait 5m
  login-etl deployment set-current --deployment login-etl --build-id 2026-11-27.1
${EXIT_CODES_HELP}`;

type Options = { deployment?: string; buildId?: string; wait: number; json?: boolean };

export function addDeploymentCommand(program: Command): void {
  const deployment = program
    .command('deployment')
    .description('versions of the workers, where worker versioning is on');
  deployment
    .command('status')
    .description('show the builds, and which one new runs go to')
    .addOption(nameOption())
    .option('--json', 'print JSON')
    .addHelpText('after', STATUS_HELP)
    .action(showDeployment);
  deployment
    .command('set-current')
    .description('let new runs go to a build')
    .addOption(nameOption())
    .option('--build-id <id>', 'the build (default: TEMPORAL_WORKER_BUILD_ID)')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for its workers: 30s, 5m')
        .argParser(parseDurationMs)
        .default(0, 'not at all'),
    )
    .option('--json', 'print JSON')
    .addHelpText('after', SET_CURRENT_HELP)
    .action(setCurrent);
}

const nameOption = () =>
  new Option('--deployment <name>', 'the deployment (default: TEMPORAL_DEPLOYMENT_NAME)');

async function showDeployment(options: Options, command: Command): Promise<void> {
  const { temporal } = readSettings(command, ['temporal']);
  const { deploymentName } = versionOf(options, temporal, false);
  await withTemporal(temporal, undefined, async (client) => {
    const builds = await readDeployment(client, deploymentName);
    if (!builds) throw unknownDeployment(deploymentName);
    const routing = await readVersionRouting(client.connection, temporal.namespace);
    const problem = whyRunsWait(routing) ?? null;
    process.exitCode = problem === null ? EXIT.ok : EXIT.failure;
    if (options.json) {
      printJson({ deploymentName, problem, builds });
      return;
    }
    printData([
      ...(problem === null ? [] : [problem, `  ${SET_CURRENT}`]),
      ...renderTable(
        [{ title: 'build' }, { title: 'state' }, { title: 'first seen' }],
        builds.map(({ buildId, state, firstSeenAt }) => [
          buildId,
          state,
          firstSeenAt?.toISOString() ?? '',
        ]),
      ),
    ]);
  });
}

async function setCurrent(options: Options, command: Command): Promise<void> {
  const { temporal } = readSettings(command, ['temporal']);
  const version = versionOf(options, temporal, true);
  await withTemporal(temporal, undefined, (client) =>
    setCurrentVersion(client, version, options.wait),
  );
  if (options.json) printJson(version);
  else printData([`new runs of ${version.deploymentName} go to build ${version.buildId}`]);
}

function versionOf(
  { deployment, buildId }: Options,
  { version }: Config['temporal'],
  withBuild: boolean,
): WorkerVersion {
  const named = {
    deploymentName: deployment ?? version?.deploymentName ?? '',
    buildId: buildId ?? version?.buildId ?? '',
  };
  if (named.deploymentName && (named.buildId || !withBuild)) return named;
  throw new Problem(
    `the ${named.deploymentName ? 'build' : 'deployment'} is not named`,
    NAMED_BY,
    `Set them, or give --deployment${withBuild ? ' and --build-id' : ''}.`,
  );
}

const unknownDeployment = (name: string): Problem =>
  new Problem(
    `there is no worker deployment ${name}`,
    'Temporal has seen no worker of that name in this namespace',
    'Start the workers with TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID.',
  );
