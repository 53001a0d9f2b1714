import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../config/config.ts';
import { Problem } from '../errors/problem.ts';
import { postgresPool } from '../postgres/pool.ts';
import { migrate } from '../postgres/run-migrations.ts';
import { onStopSignal } from '../stop-signals.ts';
import { describeError } from '../telemetry/logs/describe-error.ts';
import { ignoreLostTerminal } from '../telemetry/logs/lost-terminal.ts';
import { bundleWorkflows } from '../temporal/worker/bundle-workflows.ts';
import { writeEnvironmentFiles } from './environment-files.ts';
import {
  apiEnvironment,
  codecServerEnvironment,
  custodianEnvironment,
  LOCAL_CREDENTIALS,
  localEnvironment,
  workerEnvironment,
} from './local-environment.ts';
import { ensureLocalKeys } from './local-keys.ts';
import { startLocalServers } from './local-servers.ts';
import { type LocalState, localState, prepareLocalState, relativePath } from './local-state.ts';
import { ensureLocalTokens } from './local-tokens.ts';
import { nextSteps } from './next-steps.ts';
import { localPorts } from './ports/local-ports.ts';
import { createDatabaseUsers } from './postgres/database-users.ts';
import { startCommandProcess } from './process/command-process.ts';
import { StartedParts } from './process/started-parts.ts';
import { startWorkerProcess, whenWorkerFails } from './process/worker-process.ts';
import { Report } from './report.ts';
import { showSamplesRun } from './samples/show-samples-run.ts';
import { claimSingleStart } from './single-start.ts';
import { parseStartOptions, type StartOptions, USAGE } from './start-options.ts';

const report = new Report();
const parts = new StartedParts();
const stopped = new AbortController();

/** Starts everything, shows one run, and stays until it is stopped. */
async function start(options: StartOptions, state: LocalState): Promise<void> {
  report.heading('login-etl, everything local');
  const keys = await ensureLocalKeys(state.keys);
  await ensureLocalTokens(state);
  const bundled = bundleTo(state.workflowBundle);
  // Awaited below; a server that fails first must not leave it unhandled.
  bundled.catch(() => undefined);
  const ports = await localPorts(state.ports, options.ports);
  const servers = await startLocalServers({
    ...{ state, ports, parts, report },
    signal: stopped.signal,
  });
  const apiPort = await ports.choose('api');
  await ports.remember();
  const pool = postgresPool(
    { connectionString: servers.adminUrl },
    { applicationName: 'login-etl local' },
  );
  await parts.add('pool', () => pool.end());
  const migrating = report.begin('Migrations');
  const { applied } = await migrate(pool);
  const urls = await createDatabaseUsers(servers.adminUrl);
  report.up(migrating, applied.length > 0 ? `${applied.length} applied` : 'all there');
  report.up(report.begin('Keys'), `${relativePath(state.keys)} (${keys})`);
  const addresses = { ...servers, databaseUrl: urls.worker, keys: state.keys };
  const environment = localEnvironment(addresses);
  const config = loadConfig(['sqs', 'temporal', 'payloads'], environment);
  const codecServerSettings = codecServerEnvironment({
    webUi: servers.webUi,
    port: servers.codecServerPort,
    databaseUrl: urls.custodian,
    keys: state.keys,
    tokenFile: state.codecServerToken,
  });
  const apiSettings = apiEnvironment({
    port: apiPort,
    databaseUrl: urls.reader,
    keys: state.keys,
    tokensFile: state.apiTokens,
  });
  await writeEnvironmentFiles(state, {
    worker: environment,
    owner: { DATABASE_URL: urls.owner },
    custodian: custodianEnvironment({ ...addresses, databaseUrl: urls.custodian }),
    analyst: { DATABASE_URL: urls.analyst },
    codecServer: codecServerSettings,
    api: apiSettings,
  });

  // They start together with the worker, long before anyone uses them.
  const commands = Promise.all([
    startCommand(state, 'codec-server', {
      name: 'Codec server',
      address: `127.0.0.1:${servers.codecServerPort}`,
      health: '/health',
      environment: codecServerSettings,
    }),
    startCommand(state, 'api', {
      name: 'Read service',
      address: `127.0.0.1:${apiPort}`,
      health: '/healthz',
      environment: apiSettings,
    }),
  ]);
  commands.catch(() => undefined);
  const timer = report.begin('Worker');
  await bundled;
  stopped.signal.throwIfAborted();
  const worker = await startWorkerProcess({
    env: { ...workerEnvironment(environment), WORKER_WORKFLOW_BUNDLE: state.workflowBundle },
    logFile: state.log('worker'),
  });
  await parts.add('worker', () => worker.stop());
  report.up(timer, `process ${worker.pid}, log ${relativePath(state.log('worker'))}`);

  await commands;

  const failed = Promise.race([whenWorkerFails(worker), whenServerIsLost(servers.lost)]);
  failed.catch(() => undefined);
  await Promise.race([
    failed,
    showSamplesRun({
      sqs: { ...config.sqs, credentials: LOCAL_CREDENTIALS },
      temporal: config.temporal,
      payloadKeys: config.payloads.keys,
      pool,
      report,
      signal: stopped.signal,
    }),
  ]);
  if (options.once) return;
  nextSteps(report, { ...servers, api: `http://127.0.0.1:${apiPort}` }, state);
  await Promise.race([failed, untilStopped()]);
}

async function startCommand(
  state: LocalState,
  command: 'codec-server' | 'api',
  {
    name,
    address,
    health,
    environment,
  }: { name: string; address: string; health: string; environment: Record<string, string> },
): Promise<void> {
  const timer = report.begin(name);
  const server = await startCommandProcess({
    name: `The ${name.toLowerCase()}`,
    command,
    environment,
    healthUrl: `http://${address}${health}`,
    logFile: state.log(command),
    signal: stopped.signal,
  });
  await parts.add(name, () => server.stop());
  report.up(timer, `${address}, log ${relativePath(state.log(command))}`);
}

async function bundleTo(path: string): Promise<void> {
  const { code } = await bundleWorkflows();
  await writeFile(path, code);
}

async function whenServerIsLost(lost: Promise<string>): Promise<never> {
  const name = await lost;
  throw new Problem(`${name} has stopped`, 'nobody told it to', 'Its log is in .local/logs.');
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => stopped.signal.addEventListener('abort', () => resolve()));
}

/** Ctrl-C or SIGTERM stops everything, also in the middle of starting; a second one does not wait. */
function stopOnSignals(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreLostTerminal);
  let seen = 0;
  onStopSignal((signal) => {
    seen += 1;
    if (seen > 1) process.exit(130);
    report.line(`\nStopping everything (${signal}) …`);
    stopped.abort();
  });
}

async function main(): Promise<number> {
  let options: StartOptions;
  try {
    options = parseStartOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    report.line(USAGE);
    return 0;
  }
  stopOnSignals();
  const state = localState(process.cwd());
  let letGo: (() => void) | undefined;
  try {
    letGo = await claimSingleStart(state.lock);
    await prepareLocalState(state, options.reset);
    await Promise.race([start(options, state), untilStopped()]);
    return stopped.signal.aborted && options.once ? 1 : 0;
  } catch (error) {
    if (!stopped.signal.aborted) explain(error);
    return stopped.signal.aborted && !options.once ? 0 : 1;
  } finally {
    stopped.abort();
    await parts.stopAll();
    // Nobody answers at these addresses any more.
    for (const path of Object.values(state.environments)) rmSync(path, { force: true });
    letGo?.();
  }
}

function explain(error: unknown): void {
  const failure = error instanceof Error ? error : new Error(String(error));
  const text =
    failure instanceof Problem
      ? [failure.what, `  why: ${failure.why}`, `  what to do: ${failure.whatToDo}`].join('\n')
      : failure.message || JSON.stringify(describeError(failure));
  process.stderr.write(`\n${text}\n`);
}

// Nothing that still starts up keeps the process: what it had started is stopped.
process.exit(await main());
