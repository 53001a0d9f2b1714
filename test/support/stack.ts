import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { loadConfig } from '../../src/config/config.ts';
import { KEY_FILE_NAMES, type KeyFiles } from '../../src/crypto/keys/generate-keys.ts';
import { dataConverter } from '../../src/crypto/payloads/data-converter.ts';
import type { Counts } from '../../src/domain/counts.ts';
import { TASK_QUEUE } from '../../src/domain/names.ts';
import { startTemporalServer } from '../../src/local/temporal/temporal-server.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { startWorker, WORKER_SECTIONS } from '../../src/worker.ts';
import { newDatabase } from './servers/new-database.ts';
import { startTestPostgres } from './servers/test-postgres.ts';
import { startTestQueue } from './servers/test-queue.ts';
import type { SharedParts } from './shared-parts.ts';
import type { LoginRow, QuarantineRow, Stack, StackOptions } from './stack-parts.ts';
import { testRuntime } from './test-runtime.ts';
import { UndoList } from './undo-list.ts';
import { startWorkerProcess, untilRunning } from './worker-process.ts';

export type * from './stack-parts.ts';

/**
 * Starts the whole stack with real servers. Stacks share only the Postgres server: a Temporal server of their own costs
 * 0.15 s of CPU time, hardly more than a namespace.
 */
export async function startStackOn(parts: SharedParts, options: StackOptions = {}): Promise<Stack> {
  const undo = new UndoList();
  try {
    return await start(parts, options, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

/** By default the dev server's only shard polls 20 times a second, and a batch takes eight polls. */
const QUICK = { 'history.transferProcessorMaxPollRPS': 1_000 };

/** The emulator accepts any credentials. */
const ANY_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Accepts a whole history in one answer, and uses no proxy from the environment. */
const connect = (address: string): Promise<Connection> =>
  Connection.connect({
    address,
    channelArgs: { 'grpc.max_receive_message_length': -1, 'grpc.enable_http_proxy': 0 },
  });

async function start(parts: SharedParts, options: StackOptions, undo: UndoList): Promise<Stack> {
  const temporal = await startTemporalServer({
    binary: parts.temporalBinary,
    databaseFile: options.temporalDatabaseFile,
    logFile: options.temporalLogFile,
    dynamicConfig: QUICK,
  });
  // Killed, since a regular stop takes a second and nobody needs its state.
  undo.push(() => temporal.kill());
  const sqs = await startTestQueue(options);
  undo.push(() => sqs.stop());
  const postgres = options.ownPostgres && (await startTestPostgres(options.ownPostgres));
  if (postgres) undo.push(() => postgres.remove());
  const database = await newDatabase(
    postgres
      ? { serverUrl: postgres.server.url }
      : { serverUrl: parts.postgresUrl, template: parts.databaseTemplate },
  );
  undo.push(() => database.remove());

  const keys: KeyFiles = { ...parts.keys, ...options.keys };
  const env: Record<string, string> = {
    AWS_ACCESS_KEY_ID: ANY_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ANY_CREDENTIALS.secretAccessKey,
    AWS_REGION: sqs.server.region,
    AWS_ENDPOINT_URL_SQS: sqs.proxy.endpoint,
    SQS_QUEUE_URL: sqs.queue.url,
    DATABASE_URL: database.urls.worker,
    TEMPORAL_ADDRESS: temporal.address,
    MASKING_KEYS: keys[KEY_FILE_NAMES.maskingKeys] ?? '',
    PAYLOAD_KEYS: keys[KEY_FILE_NAMES.payloadKeys] ?? '',
    VAULT_PUBLIC_KEY: keys[KEY_FILE_NAMES.vaultPublicKey] ?? '',
    WORKER_WORKFLOW_BUNDLE: parts.workflowBundlePath,
    ...options.env,
  };
  const configOf = (workerEnv: Readonly<Record<string, string>>) => {
    const loaded = loadConfig(WORKER_SECTIONS, workerEnv);
    return { ...loaded, sqs: { ...loaded.sqs, credentials: ANY_CREDENTIALS } };
  };
  const config = configOf(env);
  const connection = await connect(temporal.address);
  undo.push(() => connection.close());
  const client = new Client({ connection, dataConverter: dataConverter(config.payloads.keys) });

  async function launchWorker(workerEnv: Readonly<Record<string, string>>) {
    const worker = await startWorkerProcess(workerEnv);
    undo.push(() => worker.remove());
    return worker;
  }
  const startRun: Stack['start'] = (input, runOptions = {}) =>
    client.workflow.start<() => Promise<Counts>>('ingestLogins', {
      taskQueue: TASK_QUEUE,
      workflowId: `ingest-${randomUUID()}`,
      ...runOptions,
      ...(input !== undefined && { args: [input] as never }),
    });

  return {
    env,
    config,
    keys,
    temporal,
    client,
    postgres,
    pool: database.pool,
    databaseUrls: database.urls,
    sqs,
    queue: sqs.queue,
    send: (bodies) => sendMessages(sqs.queue, bodies),
    async startWorker(extra = {}) {
      const worker = await startWorker(configOf({ ...env, ...extra }), testRuntime().logger);
      // Handled now, so that a worker that fails during a test is not an unhandled rejection too.
      const done = worker.done.then(
        () => undefined,
        (error: Error) => error,
      );
      const stop = async () => {
        await worker.stop();
        const error = await done;
        if (error) throw error;
      };
      undo.push(stop);
      return stop;
    },
    launchWorker,
    spawnWorker: async (extra = {}) => untilRunning(await launchWorker({ ...env, ...extra })),
    start: startRun,
    run: async (input) => (await startRun(input)).result(),
    rows: async () => (await database.pool.query<LoginRow>('select * from user_logins')).rows,
    quarantine: async () =>
      (await database.pool.query<QuarantineRow>('select * from quarantine')).rows,
    queueDepth: sqs.depth,
    async clear() {
      await sqs.purge();
      await database.pool.query(
        'truncate user_logins, quarantine, ingest_runs, ingest_batches, vault, vault_data_keys',
      );
    },
    stop: () => undo.run(),
  };
}
