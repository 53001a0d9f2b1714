import type { NativeConnection, WorkerInterceptors } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { connectOrExplain } from '../errors/connect-or-explain.ts';
import { postgresPool } from '../postgres/pool.ts';
import type { Queue } from '../queue/open-queue.ts';
import { renewApiKey } from '../temporal/worker/renew-api-key.ts';
import { createBatchMetrics } from './batch-metrics.ts';
import { startHealthServer } from './health/health-server.ts';
import { createReadiness } from './health/readiness.ts';
import { type RefusalWatch, watchRefusals } from './health/refusal-watch.ts';
import { setKeyMetrics } from './key-metrics.ts';
import { readSteps } from './read-steps.ts';
import { auditSource } from './sources/audit-source.ts';
import { dependencySource } from './sources/dependency-source.ts';
import { ledgerSource } from './sources/ledger-source.ts';
import { maintenanceSource } from './sources/maintenance-source.ts';
import { OldestMessage } from './sources/oldest-message.ts';
import { poolSource } from './sources/pool-source.ts';
import { queueSource } from './sources/queue-source.ts';
import { recoverySource } from './sources/recovery-source.ts';
import { startSampler } from './sources/sampler.ts';
import { scheduleSource } from './sources/schedule-source.ts';
import { tablesSource } from './sources/tables-source.ts';
import { versionSource } from './sources/version-source.ts';
import { stepInterceptor } from './step-interceptor.ts';
import { createStepMetrics } from './step-metrics.ts';

type Parts = {
  connection: NativeConnection;
  queue: Queue;
  pool: Pool;
  /** See `observingPool`. */
  ownPool: Pool;
};

export type Observer = {
  activityInterceptor: NonNullable<WorkerInterceptors['activity']>[number];
  /** Whether a part refuses the credentials for too long. */
  refusals: RefusalWatch;
  shuttingDown(): void;
  close(): Promise<void>;
};

/** One for each source, the check of readiness and the heartbeat. */
const OWN_CONNECTIONS = {
  max: 5,
  connectionTimeoutMillis: 2_000,
  statement_timeout: 5_000,
  query_timeout: 6_000,
  // A session outlives its password: connect again, so that a refusal is noticed.
  maxLifetimeSeconds: 30,
};

/** Connections apart from those of the inserts, so that neither wait for the other. */
export const observingPool = (settings: Config['postgres']): Pool =>
  postgresPool(
    { ...settings, ...OWN_CONNECTIONS },
    { applicationName: 'login-etl worker metrics' },
  );

/** Starts everything that observes a worker: step metrics, samples of external systems, and the health server. */
export async function observeWorker(
  config: Pick<Config, 'masking' | 'payloads' | 'vault' | 'temporal' | 'worker'>,
  { connection, queue, pool, ownPool }: Parts,
  steps: readonly string[],
  logger: Logger,
): Promise<Observer> {
  const { healthAddress, metricsAddress, otlp, sampleSeconds } = config.worker;
  const { namespace, currentApiKey, tlsFilesReplaced } = config.temporal;
  const readiness = createReadiness({ temporal: connection, namespace, pool: ownPool, queue });
  const refusals = watchRefusals(readiness, {
    exitSeconds: config.worker.credentialsRefusedExitSeconds,
    renew: renewApiKey(connection, currentApiKey),
    tlsFilesReplaced,
    logger,
  });
  const oldest = new OldestMessage();
  const readers = readSteps(createBatchMetrics(), oldest, logger);
  const health =
    healthAddress &&
    (await connectOrExplain('/healthz', 'Check WORKER_HEALTH_ADDRESS.', () =>
      startHealthServer(healthAddress, readiness, refusals.hasGivenUp),
    ));
  setKeyMetrics(config);
  const sources = [
    queueSource(queue, oldest),
    ledgerSource(ownPool),
    tablesSource(ownPool),
    maintenanceSource(ownPool),
    auditSource(ownPool),
    scheduleSource(connection, namespace),
    recoverySource(connection, ownPool, config.temporal),
    versionSource(connection, namespace),
    poolSource(pool),
    dependencySource(readiness),
  ];
  // Without an exporter nobody sees the samples.
  const sampler =
    (metricsAddress ?? otlp) ? startSampler(sources, sampleSeconds, logger) : undefined;
  return {
    activityInterceptor: stepInterceptor(createStepMetrics(steps), readers, logger),
    refusals,
    shuttingDown: () => health?.shuttingDown(),
    close: async () => {
      refusals.stop();
      await health?.close();
      sampler?.stop();
    },
  };
}
