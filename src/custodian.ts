import type { Logger } from 'pino';
import { acceptArguments } from './activities/accept-arguments.ts';
import { createApplyRetentionActivity } from './activities/maintain/apply-retention.ts';
import { createCustodianActivities } from './activities/rotate/custodian-activities.ts';
import { VERSION } from './build-info.ts';
import { type Config, loadConfig } from './config/config.ts';
import { useEnvironment } from './config/environment.ts';
import { exposedKeyFiles } from './config/exposed-key-files.ts';
import { createMasker, maskersById } from './crypto/keys/masker.ts';
import { dataConverter } from './crypto/payloads/data-converter.ts';
import { vaultPrivateKey } from './crypto/vault/vault-private-key.ts';
import { CUSTODIAN_TASK_QUEUE } from './domain/rotation/rotation.ts';
import { isRetentionOn } from './domain/tables/tables-state.ts';
import { connectOrExplain } from './errors/connect-or-explain.ts';
import { Problem } from './errors/problem.ts';
import { checkDatabase } from './postgres/check-database.ts';
import { postgresPool } from './postgres/pool.ts';
import { unboundUntil } from './postgres/unbound-until.ts';
import { onStopSignal } from './stop-signals.ts';
import { startHealthServer } from './telemetry/health/health-server.ts';
import { createReadiness } from './telemetry/health/readiness.ts';
import { watchRefusals } from './telemetry/health/refusal-watch.ts';
import { describeError } from './telemetry/logs/describe-error.ts';
import { createLogger } from './telemetry/logs/logger.ts';
import { installRuntime } from './telemetry/runtime.ts';
import { openRunsBefore } from './temporal/open-runs.ts';
import { batchesInFlight } from './temporal/rotation/batches-in-flight.ts';
import { ensureRetentionSchedule } from './temporal/schedule/daily-schedules.ts';
import { connectWorker } from './temporal/worker/connect-worker.ts';
import { createWorker } from './temporal/worker/create-worker.ts';
import { renewApiKey } from './temporal/worker/renew-api-key.ts';
import { runUntilRefused } from './temporal/worker/run-until-refused.ts';
import { workerVersion } from './temporal/worker/worker-version.ts';
import { workflowBundle } from './temporal/worker/workflow-bundle.ts';
import { listPollers } from './temporal/workers.ts';
import type { RunningWorker } from './worker.ts';

export const CUSTODIAN_SECTIONS = [
  'postgres',
  'temporal',
  'masking',
  'payloads',
  'custodian',
  'retention',
  'worker',
] as const;

type CustodianConfig = Pick<Config, (typeof CUSTODIAN_SECTIONS)[number]>;

/** A scan of the whole vault takes longer than an insert. Shorter than the timeout of the workflow's steps. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000;
/** A rotation runs one step at a time. */
const MAX_ACTIVITIES = 4;
/** A session outlives its password: connect again, so that a refusal is noticed. */
const MAX_CONNECTION_SECONDS = 30;
/** After the grace period the worker gives up. */
const FORCE_SECONDS = 5;

/** The worker that holds the vault's private key: config -> clients -> checks -> activities -> worker. */
export async function startCustodian(
  config: CustodianConfig,
  logger: Logger,
): Promise<RunningWorker> {
  const timeout = { statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: STATEMENT_TIMEOUT_MS };
  const pool = postgresPool(
    { ...config.postgres, ...timeout, maxLifetimeSeconds: MAX_CONNECTION_SECONDS },
    {
      applicationName: 'login-etl custodian',
      onIdleError: () => logger.warn('an idle connection to Postgres was lost'),
    },
  );
  try {
    const { masking, custodian, retention, temporal, payloads } = config;
    const { workflowBundlePath, shutdownGraceSeconds } = config.worker;
    await connectOrExplain('Postgres', 'Check DATABASE_URL.', () => checkDatabase(pool));
    const unboundUntilMs = await unboundUntil(pool);
    const privateKey = await vaultPrivateKey(custodian);
    const { namespace: ingestion, custodianNamespace: namespace } = temporal;
    const connection = await connectWorker(temporal, {}, [ingestion, namespace]);
    // Workers may not see the custodian's namespace, so no other process creates it.
    if (isRetentionOn(retention)) await ensureRetentionSchedule(connection, namespace);
    const worker = await createWorker({
      connection,
      namespace,
      taskQueue: CUSTODIAN_TASK_QUEUE,
      workflowBundle: await workflowBundle(workflowBundlePath, logger),
      activities: {
        ...createCustodianActivities({
          pool,
          privateKey,
          masker: createMasker(masking),
          maskers: maskersById(masking.keys),
          listPollers: () => listPollers(connection, ingestion),
          batchesInFlight: batchesInFlight(connection, ingestion),
        }),
        ...createApplyRetentionActivity({
          pool,
          policy: retention,
          openRunsBefore: openRunsBefore(connection, ingestion),
        }),
      },
      ...workerVersion(temporal.version, 'AUTO_UPGRADE'),
      dataConverter: dataConverter(payloads.keys),
      interceptors: { activity: [() => ({ inbound: acceptArguments(unboundUntilMs) })] },
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
      shutdownGraceTime: `${shutdownGraceSeconds} seconds`,
      shutdownForceTime: `${shutdownGraceSeconds + FORCE_SECONDS} seconds`,
    });
    const { currentApiKey, tlsFilesReplaced } = temporal;
    const readiness = createReadiness({ temporal: connection, namespace, pool });
    const watch = watchRefusals(readiness, {
      exitSeconds: config.worker.credentialsRefusedExitSeconds,
      renew: renewApiKey(connection, currentApiKey),
      tlsFilesReplaced,
      logger,
    });
    const { healthAddress } = config.worker;
    const health =
      healthAddress &&
      (await connectOrExplain('/healthz', 'Check WORKER_HEALTH_ADDRESS.', () =>
        startHealthServer(healthAddress, readiness, watch.hasGivenUp),
      ));
    const run = async () => {
      try {
        await runUntilRefused([worker], watch);
      } finally {
        watch.stop();
        await health?.close();
        // A worker that was given up may still hold it.
        await connection.close().catch(() => undefined);
        await pool.end();
      }
    };
    return {
      done: run(),
      stop: async () => {
        health?.shuttingDown();
        if (worker.getState() === 'RUNNING') worker.shutdown();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** Runs until a stop signal, then finishes the steps in progress. */
export async function runCustodian(): Promise<void> {
  let worker: RunningWorker | undefined;
  onStopSignal(() => {
    if (worker === undefined) process.exit(0);
    void worker.stop();
  });
  const config = loadConfig(CUSTODIAN_SECTIONS);
  const logger = createLogger(config.worker.logLevel);
  await connectOrExplain('metrics', 'Check WORKER_METRICS_ADDRESS.', async () =>
    installRuntime(logger, config.worker),
  );
  for (const line of exposedKeyFiles(CUSTODIAN_SECTIONS)) logger.warn(line);
  worker = await startCustodian(config, logger);
  logger.info({ taskQueue: CUSTODIAN_TASK_QUEUE, version: VERSION }, 'custodian worker is running');
  await worker.done;
  logger.info('custodian worker has stopped');
}

if (import.meta.main) {
  useEnvironment(undefined, (line) => process.stderr.write(`${line}\n`));
  runCustodian().catch((error: Error) => {
    const shown = error instanceof Problem || error.name === 'ConfigError';
    process.stderr.write(`${shown ? error.message : JSON.stringify(describeError(error))}\n`);
    process.exit(1);
  });
}
