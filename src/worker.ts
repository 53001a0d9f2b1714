import type { Logger } from 'pino';
import { acceptArguments } from './activities/accept-arguments.ts';
import { ActivityLoad } from './activities/activity-load.ts';
import { createActivities } from './activities/index.ts';
import { KnownOriginals } from './activities/ingest/known-originals.ts';
import { createMaintainPartitionsActivity } from './activities/maintain/maintain-partitions.ts';
import { createRecoverActivities } from './activities/recover/recover-histories.ts';
import { partCache } from './batch/part-cache.ts';
import { VERSION } from './build-info.ts';
import { type Config, loadConfig } from './config/config.ts';
import { useEnvironment } from './config/environment.ts';
import { exposedKeyFiles } from './config/exposed-key-files.ts';
import { createMasker } from './crypto/keys/masker.ts';
import { dataConverter } from './crypto/payloads/data-converter.ts';
import { jsonSealer } from './crypto/payloads/part-sealer.ts';
import { stepPayloads } from './crypto/payloads/step-payloads.ts';
import { UsedPayloadKeys } from './crypto/payloads/used-payload-keys.ts';
import { TASK_QUEUE, workerQueueOf } from './domain/names.ts';
import { connectOrExplain } from './errors/connect-or-explain.ts';
import { Problem } from './errors/problem.ts';
import { checkDatabase } from './postgres/check-database.ts';
import { postgresPool } from './postgres/pool.ts';
import { unboundUntil } from './postgres/unbound-until.ts';
import { openQueue } from './queue/open-queue.ts';
import { sqsClient } from './queue/sqs-client.ts';
import { onStopSignal } from './stop-signals.ts';
import { describeError } from './telemetry/logs/describe-error.ts';
import { logDestination } from './telemetry/logs/log-destination.ts';
import { createLogger } from './telemetry/logs/logger.ts';
import { type Observer, observeWorker, observingPool } from './telemetry/observe-worker.ts';
import { installRuntime } from './telemetry/runtime.ts';
import { type Heartbeat, startHeartbeat } from './telemetry/worker-heartbeat.ts';
import { hasSearchAttributes } from './temporal/has-search-attributes.ts';
import { histories } from './temporal/recovery/histories.ts';
import { partFinder } from './temporal/runs/find-part.ts';
import { countsReader } from './temporal/runs/query-progress.ts';
import { connectWorker } from './temporal/worker/connect-worker.ts';
import { createWorker } from './temporal/worker/create-worker.ts';
import { runUntilRefused, shutDown } from './temporal/worker/run-until-refused.ts';
import { workerVersion } from './temporal/worker/worker-version.ts';
import { workflowBundle } from './temporal/worker/workflow-bundle.ts';

export const WORKER_SECTIONS = [
  'sqs',
  'postgres',
  'temporal',
  'masking',
  'payloads',
  'vault',
  'worker',
] as const;

export type WorkerConfig = Pick<Config, (typeof WORKER_SECTIONS)[number]>;

export type RunningWorker = {
  /** Resolves when the worker has stopped and closed its connections; rejects when it failed. */
  done: Promise<void>;
  /** Stops receiving, finishes the current batches within the grace period, then stops. */
  stop(): Promise<void>;
};

/** After the grace period: the time for activities to notice their cancellation, then for the worker to give up. */
const CANCEL_SECONDS = 2;
const FORCE_SECONDS = 5;
const MAX_ACTIVITIES = 64;
/** Payloads are compressed and encrypted already: gzip would cost both sides much and save nothing. */
const UNCOMPRESSED = { grpcCompression: { codec: 'none' } } as const;

/** Config -> clients -> checks -> activities -> worker. Fails with the name of the part that is unavailable. */
export async function startWorker(config: WorkerConfig, logger: Logger): Promise<RunningWorker> {
  const shuttingDown = new AbortController();
  const load = new ActivityLoad();
  const pool = postgresPool(config.postgres, {
    applicationName: 'login-etl worker',
    onIdleError: () => logger.warn('an idle connection to Postgres was lost'),
  });
  const ownPool = observingPool(config.postgres);
  const client = sqsClient(config.sqs);
  let observer: Observer | undefined;
  let heartbeat: Heartbeat | undefined;
  const close = async () => {
    await heartbeat?.stop();
    await observer?.close();
    client.destroy();
    await Promise.all([pool.end(), ownPool.end()]);
  };
  try {
    await connectOrExplain('Postgres', 'Check DATABASE_URL.', () => checkDatabase(pool));
    const queue = await connectOrExplain(
      'the queue',
      'Check SQS_QUEUE_URL or SQS_QUEUE_NAME.',
      () => openQueue(client, config.sqs),
    );
    const connection = await connectWorker(config.temporal, UNCOMPRESSED);
    const unboundUntilMs = await unboundUntil(pool);
    const { workflowBundlePath, shutdownGraceSeconds } = config.worker;
    const storing = {
      pool,
      vaultPublicKey: config.vault.publicKey,
      workerBuild: VERSION,
      quarantineLimit: config.worker.quarantineLimitPerReason,
    };
    const parts = partCache(
      jsonSealer(config.payloads.keys),
      partFinder(connection, config.temporal.namespace),
      { unboundUntilMs },
    );
    const ingesting = createActivities({
      ...storing,
      queue,
      parts,
      masker: createMasker(config.masking),
      envelope: config.sqs.envelope,
      searchable: await hasSearchAttributes(connection, config.temporal.namespace),
      countsOf: countsReader(connection, config.temporal.namespace, config.payloads.keys),
      shuttingDown: shuttingDown.signal,
    });
    const activities = {
      ...ingesting,
      ...createMaintainPartitionsActivity({ pool }),
      ...createRecoverActivities({
        ...storing,
        known: new KnownOriginals(),
        payloads: stepPayloads(config.payloads.keys, config.temporal.namespace),
        histories: histories(connection, config.temporal.namespace),
      }),
    };
    const usedKeys = new UsedPayloadKeys(config.payloads.keys, (message) => logger.warn(message));
    heartbeat = await startHeartbeat(config, {
      pool: ownPool,
      usedKeys,
      build: VERSION,
      logger,
    });
    const steps = Object.keys(activities);
    observer = await observeWorker(config, { connection, queue, pool, ownPool }, steps, logger);
    const { activityInterceptor, ...observing } = observer;
    const shared = {
      connection,
      namespace: config.temporal.namespace,
      activities,
      dataConverter: dataConverter(config.payloads.keys, {
        onDecrypt: ({ keyId }) => usedKeys.note(keyId),
      }),
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
      interceptors: {
        activity: [
          () => ({ inbound: acceptArguments(unboundUntilMs) }),
          () => ({ inbound: load.interceptor }),
          activityInterceptor,
        ],
      },
      shutdownGraceTime: `${CANCEL_SECONDS} seconds`,
      shutdownForceTime: `${FORCE_SECONDS} seconds`,
    };
    const workers = [
      await createWorker({
        ...shared,
        taskQueue: TASK_QUEUE,
        workflowBundle: await workflowBundle(workflowBundlePath, logger),
        ...workerVersion(config.temporal.version, 'PINNED'),
      }),
      // Unversioned, so that a run of any version reaches it.
      await createWorker({ ...shared, taskQueue: workerQueueOf(parts.holder) }),
    ];
    const run = async () => {
      try {
        await runUntilRefused(workers, observing.refusals);
      } finally {
        await close();
        // A worker that was given up may still hold it.
        await connection.close().catch(() => undefined);
        await queue.call.close();
      }
    };
    return {
      done: run(),
      stop: async () => {
        logger.info('shutting down: nothing more is received');
        shuttingDown.abort();
        observing.shuttingDown();
        await load.idle(shutdownGraceSeconds * 1000);
        shutDown(workers);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function main(): Promise<void> {
  let worker: RunningWorker | undefined;
  // Comes first: the kernel ignores unhandled signals to process 1 of a container.
  onStopSignal(() => {
    if (worker === undefined) process.exit(0);
    void worker.stop();
  });
  useEnvironment(undefined, (line) => process.stderr.write(`${line}\n`));
  const config = loadConfig(WORKER_SECTIONS);
  const { logLevel, logFormat } = config.worker;
  const logger = createLogger(logLevel, logDestination(logFormat));
  await connectOrExplain('metrics', 'Check WORKER_METRICS_ADDRESS.', async () =>
    installRuntime(logger, config.worker),
  );
  for (const line of exposedKeyFiles(WORKER_SECTIONS)) logger.warn(line);
  worker = await startWorker(config, logger);
  logger.info({ taskQueue: TASK_QUEUE, version: VERSION }, 'worker is running');
  await worker.done;
  logger.info('worker has stopped');
}

if (import.meta.main) {
  main().catch((error: Error) => {
    const shown = error instanceof Problem || error.name === 'ConfigError';
    process.stderr.write(`${shown ? error.message : JSON.stringify(describeError(error))}\n`);
    process.exit(1);
  });
}
