import type { Pool } from 'pg';
import { loadConfig } from '../../config/config.ts';
import { postgresPool } from '../../postgres/pool.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { sqsClient } from '../../queue/sqs-client.ts';
import { temporalAddress } from '../../temporal/temporal-problem.ts';
import { REACH_TIMEOUT_MS } from './answer-within.ts';
import { postgresAddress } from './database-problem.ts';
import { queueAddress } from './queue-problem.ts';
import { reachOnce } from './reach-once.ts';
import { type TemporalSource, temporalSource } from './temporal-source.ts';
import { reachQueue } from './with-queue.ts';

/** Of a server that was reached: less than the five seconds that a part has to answer. */
const ANSWER_TIMEOUT_MS = 4_500;
/** One for each part that is asked of Postgres. */
const MAX_CONNECTIONS = 5;

/** What an overview reads from. Each is opened at its first use, and kept. */
export type Sources = {
  queue(): Promise<Queue>;
  /** @throws ConfigError when it is not configured, as the others do */
  pool(): Promise<Pool>;
  temporal: TemporalSource['ask'];
  /** Where each is looked for; throws ConfigError when it is not configured. */
  tried: Record<'queue' | 'postgres' | 'temporal', () => string>;
  close(): Promise<void>;
};

export function openSources(): Sources {
  const temporal = temporalSource();
  const closers: (() => unknown)[] = [() => temporal.close()];
  return {
    queue: reachOnce(async () => {
      const settings = loadConfig(['sqs']).sqs;
      const client = sqsClient(settings, { requestTimeoutMs: ANSWER_TIMEOUT_MS, maxAttempts: 1 });
      closers.push(() => client.destroy());
      return reachQueue(client, settings);
    }),
    pool: reachOnce(async () => {
      const pool = postgresPool(
        {
          max: MAX_CONNECTIONS,
          connectionTimeoutMillis: REACH_TIMEOUT_MS,
          statement_timeout: ANSWER_TIMEOUT_MS,
          query_timeout: ANSWER_TIMEOUT_MS,
          ...loadConfig(['postgres']).postgres,
        },
        { applicationName: 'login-etl status' },
      );
      closers.push(() => pool.end());
      (await pool.connect()).release();
      return pool;
    }),
    temporal: temporal.ask,
    tried: {
      queue: () => queueAddress(loadConfig(['sqs']).sqs),
      postgres: () => postgresAddress(loadConfig(['postgres']).postgres),
      temporal: () => temporalAddress(loadConfig(['temporal']).temporal),
    },
    async close() {
      await Promise.allSettled(closers.map(async (close) => close()));
    },
  };
}
