import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createCustodianActivities } from './activities/custodian.ts';
import { VERSION } from './build-info.ts';
import { type Config, loadConfig } from './config.ts';
import { dataConverter } from './crypto/data-converter.ts';
import { createMasker } from './crypto/masker.ts';
import { maskersById } from './crypto/maskers.ts';
import { vaultPrivateKey } from './crypto/vault-private-key.ts';
import { CUSTODIAN_TASK_QUEUE } from './domain/rotation.ts';
import { useEnvironment } from './environment.ts';
import { opening } from './opening.ts';
import { checkDatabase } from './postgres/check-database.ts';
import { postgresPool } from './postgres/pool.ts';
import { Problem } from './problem.ts';
import { describeError } from './telemetry/describe-error.ts';
import { createLogger } from './telemetry/logger.ts';
import { installRuntime } from './telemetry/runtime.ts';
import type { RunningWorker } from './worker.ts';
import { workflowBundle } from './workflow-bundle.ts';

export const CUSTODIAN_SECTIONS = [
  'postgres',
  'temporal',
  'masking',
  'payloads',
  'custodian',
  'worker',
] as const;

export type CustodianConfig = Pick<Config, (typeof CUSTODIAN_SECTIONS)[number]>;

/** A look through the whole vault takes longer than an insert; shorter than the workflow's steps may take. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000;
/** One rotation has one step in hand. */
const MAX_ACTIVITIES = 4;
/** After the grace period the worker gives up. */
const FORCE_SECONDS = 5;

/** The worker that holds the vault's private key: config -> clients -> checks -> activities -> worker. */
export async function startCustodian(
  config: CustodianConfig,
  logger: Logger,
): Promise<RunningWorker> {
  const timeout = { statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: STATEMENT_TIMEOUT_MS };
  const pool = postgresPool(
    { ...config.postgres, ...timeout },
    {
      applicationName: 'login-etl custodian',
      onIdleError: () => logger.warn('an idle connection to Postgres was lost'),
    },
  );
  try {
    const { masking, custodian, temporal, payloads } = config;
    const { workflowBundlePath, shutdownGraceSeconds } = config.worker;
    await opening('Postgres', 'Check DATABASE_URL.', () => checkDatabase(pool));
    const privateKey = await vaultPrivateKey(custodian);
    const connection = await opening('Temporal', 'Check TEMPORAL_ADDRESS.', () =>
      NativeConnection.connect(temporal.connectionOptions),
    );
    const worker = await Worker.create({
      connection,
      namespace: temporal.namespace,
      taskQueue: CUSTODIAN_TASK_QUEUE,
      workflowBundle: await workflowBundle(workflowBundlePath, logger),
      activities: createCustodianActivities({
        pool,
        privateKey,
        masker: createMasker(masking),
        maskers: maskersById(masking.keys),
      }),
      dataConverter: dataConverter(payloads.keys),
      maxConcurrentActivityTaskExecutions: MAX_ACTIVITIES,
      shutdownGraceTime: `${shutdownGraceSeconds} seconds`,
      shutdownForceTime: `${shutdownGraceSeconds + FORCE_SECONDS} seconds`,
    });
    const run = async () => {
      try {
        await worker.run();
      } finally {
        await connection.close();
        await pool.end();
      }
    };
    return {
      done: run(),
      stop: async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** Runs until SIGTERM or SIGINT, and finishes the step in hand. */
export async function runCustodian(): Promise<void> {
  let worker: RunningWorker | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (worker === undefined) process.exit(0);
      void worker.stop();
    });
  }
  const config = loadConfig(CUSTODIAN_SECTIONS);
  const logger = createLogger(config.worker.logLevel);
  await opening('metrics', 'Check WORKER_METRICS_ADDRESS.', async () =>
    installRuntime(logger, config.worker),
  );
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
