import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inheritedEnvironment } from '../src/config/process-environment.ts';
import {
  LOCAL_CREDENTIALS,
  localEnvironment,
  workerEnvironment,
} from '../src/local/local-environment.ts';
import { ensureLocalKeys } from '../src/local/local-keys.ts';
import {
  type PostgresServer,
  removePostgresData,
  startPostgresServer,
} from '../src/local/postgres/postgres-server.ts';
import { findTemporalBinary } from '../src/local/temporal/temporal-binary.ts';
import { startTemporalServer, type TemporalServer } from '../src/local/temporal/temporal-server.ts';
import type { SqsSettings } from '../src/queue/sqs-client.ts';
import { bundleWorkflows } from '../src/temporal/worker/bundle-workflows.ts';
import { startDelays } from './delays.ts';
import type { BenchOptions, SqsChoice } from './options.ts';
import { type SqsEndpoint, startSqsEndpoint } from './sqs-endpoint.ts';

export type Servers = {
  sqs: SqsEndpoint;
  postgres: PostgresServer;
  temporal: TemporalServer;
  workflowBundle: string;
  /** Credentials of the bench's own SQS client. Default: the AWS SDK's chain. */
  credentials: Pick<SqsSettings, 'credentials'>;
  /** The environment of the bench's own calls. */
  environment(queueUrl: string, databaseUrl: string): NodeJS.ProcessEnv;
  /** That of a contestant's process, whose servers may be far away. */
  contestantEnvironment(near: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
  logFile(name: string): string;
  /** Process ids by the name that the report gives them. */
  pids(): Record<string, number | undefined>;
  stop(): Promise<void>;
};

/**
 * The servers that all contestants share, each in its own process and durable: Postgres with its defaults (fsync), and
 * Temporal with a database file. They also run while a contestant does not use them.
 */
export async function startServers(
  options: Pick<BenchOptions, 'sqs' | 'handleBytes' | 'delays'>,
  directory: string,
  onProgress: (message: string) => void,
): Promise<Servers> {
  const keys = join(directory, 'keys');
  const postgresData = join(directory, 'postgres');
  const workflowBundle = join(directory, 'workflow-bundle.js');
  const logFile = (name: string) => join(directory, 'logs', `${name}.log`);
  await mkdir(join(directory, 'logs'), { recursive: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.allSettled(stops.map((stopOne) => stopOne()));
    await removePostgresData(postgresData);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const postgres = await startPostgresServer({
      dataDirectory: postgresData,
      logFile: logFile('postgres'),
    });
    stops.push(() => postgres.stop());
    const temporal = await startTemporalServer({
      binary: await findTemporalBinary({ env: inheritedEnvironment(), onProgress }),
      databaseFile: join(directory, 'temporal.db'),
      logFile: logFile('temporal'),
    });
    stops.push(() => temporal.stop());
    const sqs = await startSqsEndpoint(options.sqs, options.handleBytes);
    stops.push(() => sqs.stop());
    const delayed = await startDelays(options.delays, {
      sqs: sqs.endpoint,
      postgres: postgres.url,
    });
    stops.push(() => delayed.stop());
    await ensureLocalKeys(keys);
    await writeFile(workflowBundle, (await bundleWorkflows()).code);
    return {
      sqs,
      postgres,
      temporal,
      workflowBundle,
      credentials: isOurs(options.sqs) ? { credentials: LOCAL_CREDENTIALS } : {},
      environment: (queueUrl, databaseUrl) => ({
        ...workerEnvironment(
          localEnvironment({
            sqsEndpoint: sqs.endpoint,
            databaseUrl,
            temporalAddress: temporal.address,
            keys,
          }),
        ),
        // An external endpoint has its own region and credentials.
        ...(!isOurs(options.sqs) && awsSettings()),
        SQS_QUEUE_URL: queueUrl,
      }),
      contestantEnvironment: delayed.environment,
      logFile,
      pids: () => ({ SQS: sqs.pid, Postgres: postgres.pid(), Temporal: temporal.pid }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An external endpoint gets the caller's credentials, if any; an emulator accepts all. */
const isOurs = (sqs: SqsChoice): boolean =>
  sqs.kind !== 'endpoint' || process.env.AWS_ACCESS_KEY_ID === undefined;

const awsSettings = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_')));
