import { inheritedEnvironment } from '../config.ts';
import { freePort } from './free-port.ts';
import { LOCAL_REGION } from './local-environment.ts';
import type { LocalState } from './local-state.ts';
import { startPostgresServer } from './postgres-server.ts';
import type { Report } from './report.ts';
import { startSqsServer } from './sqs-server.ts';
import type { StartedParts } from './started-parts.ts';
import { findTemporalBinary } from './temporal-binary.ts';
import { startTemporalServer } from './temporal-server.ts';

const PORTS = { temporal: 7233, webUi: 8233, sqs: 4566, postgres: 5432 };
const QUEUE_NAME = 'login-queue';
const DATABASE_NAME = 'logins';
/** Messages of a batch that a killed worker had in hand are back after this long. */
const VISIBILITY_TIMEOUT_SECONDS = '30';

export type LocalServers = {
  temporalAddress: string;
  webUi: string;
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
    webUi: temporal.uiAddress ?? '',
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
  const server = await startTemporalServer({
    binary,
    port: await freePort(PORTS.temporal),
    uiPort: await freePort(PORTS.webUi),
    databaseFile: state.temporalDatabase,
    logFile: state.log('temporal'),
    signal,
  });
  await parts.add('Temporal', () => server.stop());
  report.up(timer, server.address, PORTS.temporal);
  report.up(report.begin('Web UI'), server.uiAddress ?? '', PORTS.webUi);
  return server;
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
