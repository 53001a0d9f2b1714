import type { NativeConnection, WorkerInterceptors } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { opening } from '../opening.ts';
import { postgresPool } from '../postgres/pool.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { auditSource } from './audit-source.ts';
import { createBatchMetrics } from './batch-metrics.ts';
import { dependencySource } from './dependency-source.ts';
import { startHealthServer } from './health-server.ts';
import { setKeyMetrics } from './key-metrics.ts';
import { ledgerSource } from './ledger-source.ts';
import { OldestMessage } from './oldest-message.ts';
import { poolSource } from './pool-source.ts';
import { queueSource } from './queue-source.ts';
import { readSteps } from './read-steps.ts';
import { createReadiness } from './readiness.ts';
import { startSampler } from './sampler.ts';
import { scheduleSource } from './schedule-source.ts';
import { stepInterceptor } from './step-interceptor.ts';
import { createStepMetrics } from './step-metrics.ts';
import { tablesSource } from './tables-source.ts';

type Parts = { connection: NativeConnection; queue: Queue; pool: Pool };

export type Observer = {
  activityInterceptor: NonNullable<WorkerInterceptors['activity']>[number];
  /** The worker has begun to shut down. */
  shuttingDown(): void;
  close(): Promise<void>;
};

/** Connections of its own, one a source: looking must not wait behind the inserts, nor they behind it. */
const OWN_CONNECTIONS = {
  max: 4,
  connectionTimeoutMillis: 2_000,
  statement_timeout: 5_000,
  query_timeout: 6_000,
};

/** All that looks on: counting of the steps, samples of what is outside, and the answers about health. */
export async function observeWorker(
  config: Pick<Config, 'masking' | 'payloads' | 'vault' | 'postgres' | 'temporal' | 'worker'>,
  { connection, queue, pool }: Parts,
  steps: readonly string[],
  logger: Logger,
): Promise<Observer> {
  const { healthAddress, metricsAddress, otlp, sampleSeconds } = config.worker;
  const ownPool = postgresPool(
    { ...config.postgres, ...OWN_CONNECTIONS },
    { applicationName: 'login-etl worker metrics' },
  );
  const readiness = createReadiness({ temporal: connection, pool: ownPool, queue });
  const oldest = new OldestMessage();
  const readers = readSteps(createBatchMetrics(), oldest, logger);
  const health =
    healthAddress &&
    (await opening('/healthz', 'Check WORKER_HEALTH_ADDRESS.', () =>
      startHealthServer(healthAddress, readiness),
    ));
  setKeyMetrics(config);
  const sources = [
    queueSource(queue, oldest),
    ledgerSource(ownPool),
    tablesSource(ownPool),
    auditSource(ownPool),
    scheduleSource(connection, config.temporal.namespace),
    poolSource(pool),
    dependencySource(readiness),
  ];
  // Nobody sees what is sampled without a place where metrics go.
  const sampler =
    (metricsAddress ?? otlp) ? startSampler(sources, sampleSeconds, logger) : undefined;
  return {
    activityInterceptor: stepInterceptor(createStepMetrics(steps), readers, logger),
    shuttingDown: () => health?.shuttingDown(),
    close: async () => {
      await health?.close();
      sampler?.stop();
      await ownPool.end();
    },
  };
}
