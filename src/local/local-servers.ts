import { inheritedEnvironment } from '../config/process-environment.ts';
import { LOCAL_REGION } from './local-environment.ts';
import type { LocalState } from './local-state.ts';
import { freePort } from './ports/free-port.ts';
import { startPostgresServer } from './postgres/postgres-server.ts';
import type { StartedParts } from './process/started-parts.ts';
import { startSqsServer } from './queue/sqs-server.ts';
import type { Report } from './report.ts';
import { findTemporalBinary } from './temporal/temporal-binary.ts';
import { startTemporalServer } from './temporal/temporal-server.ts';
import { CODEC_PATH, startWebUiFront } from './temporal/web-ui-front.ts';

const PORTS = { temporal: 7233, webUi: 8233, codecServer: 8234, sqs: 4566, postgres: 5432 };
const QUEUE_NAME = 'login-queue';
const DATABASE_NAME = 'logins';
/** Messages of a batch that a killed worker had in hand are back after this long. */
const VISIBILITY_TIMEOUT_SECONDS = '30';

export type LocalServers = {
  temporalAddress: string;
  webUi: string;
  /** Where the Web UI looks for the codec server. */
  codecServerPort: number;
  sqsEndpoint: string;
  /** Of the superuser. */
  adminUrl: string;
  /** Resolves with its name when one of them ends though nobody stopped it. */
  lost: Promise<string>;
};

type Context = { state: LocalState; parts: StartedParts; report: Report; signal: AbortSignal };

/** Starts the three servers side by side, on their usual ports where these are free. */
export async function startLocalServers(context: Context): Promise<LocalServers> {
  const [temporal, sqsEndpoint, postgres] = await allOrNothing([
    startTemporal(context),
    startSqs(context),
    startPostgres(context),
  ] as const);
  return {
    temporalAddress: temporal.address,
    webUi: temporal.webUi,
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

async function startTemporal({ state, parts, report, signal }: Context) {
  const binary = await findTemporalBinary({
    env: inheritedEnvironment(),
    onProgress: (message) => report.note(message),
    signal,
  });
  const timer = report.begin('Temporal');
  const frontPort = await freePort(PORTS.webUi);
  const codecServerPort = await freePort(PORTS.codecServer);
  const server = await startTemporalServer({
    binary,
    port: await freePort(PORTS.temporal),
    uiPort: await freePort(),
    uiCodecEndpoint: `http://127.0.0.1:${frontPort}${CODEC_PATH}`,
    databaseFile: state.temporalDatabase,
    logFile: state.log('temporal'),
    signal,
  });
  await parts.add('Temporal', () => server.stop());
  report.up(timer, server.address, PORTS.temporal);
  const front = await startWebUiFront({
    port: frontPort,
    webUi: server.uiAddress ?? '',
    codecServer: `http://127.0.0.1:${codecServerPort}`,
  });
  await parts.add('Web UI', () => front.stop());
  report.up(report.begin('Web UI'), front.url, PORTS.webUi);
  return { ...server, webUi: front.url, codecServerPort };
}

async function startSqs({ parts, report }: Context): Promise<string> {
  const timer = report.begin('SQS');
  const server = await startSqsServer({
    port: await freePort(PORTS.sqs),
    region: LOCAL_REGION,
  });
  await parts.add('SQS', () => server.stop());
  await server.createQueue(QUEUE_NAME, { VisibilityTimeout: VISIBILITY_TIMEOUT_SECONDS });
  report.up(timer, `${server.endpoint} (queue ${QUEUE_NAME})`, PORTS.sqs);
  return server.endpoint;
}

async function startPostgres({ state, parts, report, signal }: Context) {
  const timer = report.begin('Postgres');
  const server = await startPostgresServer({
    port: await freePort(PORTS.postgres),
    dataDirectory: state.postgresData,
    logFile: state.log('postgres'),
    signal,
  });
  await parts.add('Postgres', () => server.stop());
  const adminUrl = await server.createDatabase(DATABASE_NAME);
  report.up(timer, `127.0.0.1:${server.port} (database ${DATABASE_NAME})`, PORTS.postgres);
  return { adminUrl, exited: server.exited() };
}
