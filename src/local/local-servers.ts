import { inheritedEnvironment } from '../config/process-environment.ts';
import { LOCAL_REGION } from './local-environment.ts';
import type { LocalState } from './local-state.ts';
import { freePort } from './ports/free-port.ts';
import type { LocalPorts } from './ports/local-ports.ts';
import { startPostgresServer } from './postgres/postgres-server.ts';
import type { StartedParts } from './process/started-parts.ts';
import { startSqsServer } from './queue/sqs-server.ts';
import type { Report } from './report.ts';
import { findTemporalBinary } from './temporal/temporal-binary.ts';
import { startTemporalServer } from './temporal/temporal-server.ts';
import { CODEC_PATH, startWebUiFront } from './temporal/web-ui-front.ts';

const QUEUE_NAME = 'login-queue';
const DATABASE_NAME = 'logins';
/** The messages of a worker that was killed are delivered again after this time. */
const VISIBILITY_TIMEOUT_SECONDS = '30';

export type LocalServers = {
  temporalAddress: string;
  webUi: string;
  /** Opens the Web UI and logs its browser in to the codec server, once. */
  loginLink: string;
  /** Where the Web UI looks for the codec server. */
  codecServerPort: number;
  sqsEndpoint: string;
  /** Of the superuser. */
  adminUrl: string;
  /** Resolves with its name when one of them ends though nobody stopped it. */
  lost: Promise<string>;
};

type Context = {
  state: LocalState;
  ports: LocalPorts;
  parts: StartedParts;
  report: Report;
  signal: AbortSignal;
};

/** Starts the three servers side by side. */
export async function startLocalServers(context: Context): Promise<LocalServers> {
  const [temporal, sqsEndpoint, postgres] = await allOrNothing([
    startTemporal(context),
    startSqs(context),
    startPostgres(context),
  ] as const);
  return {
    temporalAddress: temporal.address,
    webUi: temporal.webUi,
    loginLink: temporal.loginLink,
    codecServerPort: temporal.codecServerPort,
    sqsEndpoint,
    adminUrl: postgres.adminUrl,
    lost: Promise.race([
      temporal.exited.then(() => 'Temporal'),
      postgres.exited.then(() => 'Postgres'),
    ]),
  };
}

/** Like Promise.all, but waits for the others before it fails: what they started is then known. */
async function allOrNothing<T extends readonly Promise<unknown>[]>(promises: T) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function startTemporal({ state, ports, parts, report, signal }: Context) {
  const binary = await findTemporalBinary({
    env: inheritedEnvironment(),
    onProgress: (message) => report.note(message),
    signal,
  });
  const timer = report.begin('Temporal');
  const frontPort = await ports.choose('web-ui');
  const codecServerPort = await ports.choose('codec-server');
  const server = await startTemporalServer({
    binary,
    port: await ports.choose('temporal'),
    uiPort: await freePort(),
    uiCodecEndpoint: `http://127.0.0.1:${frontPort}${CODEC_PATH}`,
    databaseFile: state.temporalDatabase,
    logFile: state.log('temporal'),
    signal,
  });
  await parts.add('Temporal', () => server.stop());
  report.up(timer, server.address, ports.missed('temporal'));
  const front = await startWebUiFront({
    port: frontPort,
    webUi: server.uiAddress ?? '',
    codecServer: `http://127.0.0.1:${codecServerPort}`,
    tokenFile: state.codecServerToken,
  });
  await parts.add('Web UI', () => front.stop());
  report.up(report.begin('Web UI'), front.url, ports.missed('web-ui'));
  return { ...server, webUi: front.url, loginLink: front.loginLink, codecServerPort };
}

async function startSqs({ ports, parts, report }: Context): Promise<string> {
  const timer = report.begin('SQS');
  const server = await startSqsServer({
    port: await ports.choose('sqs'),
    region: LOCAL_REGION,
  });
  await parts.add('SQS', () => server.stop());
  await server.createQueue(QUEUE_NAME, { VisibilityTimeout: VISIBILITY_TIMEOUT_SECONDS });
  report.up(timer, `${server.endpoint} (queue ${QUEUE_NAME})`, ports.missed('sqs'));
  return server.endpoint;
}

async function startPostgres({ state, ports, parts, report, signal }: Context) {
  const timer = report.begin('Postgres');
  const server = await startPostgresServer({
    port: await ports.choose('postgres'),
    dataDirectory: state.postgresData,
    logFile: state.log('postgres'),
    signal,
  });
  await parts.add('Postgres', () => server.stop());
  const adminUrl = await server.createDatabase(DATABASE_NAME);
  report.up(
    timer,
    `127.0.0.1:${server.port} (database ${DATABASE_NAME})`,
    ports.missed('postgres'),
  );
  return { adminUrl, exited: server.exited() };
}
