import type { Pool } from 'pg';
import { loadConfig } from '../../config/config.ts';
import { postgresPool } from '../../postgres/pool.ts';
import { openQueue, type Queue } from '../../queue/open-queue.ts';
import { sqsClient } from '../../queue/sqs-client.ts';
import { type TemporalSource, temporalSource } from './temporal-source.ts';

/** Below the five seconds that a part has to answer. */
const CONNECT_TIMEOUT_MS = 4_000;
const ANSWER_TIMEOUT_MS = 4_500;
/** The parts that are asked of Postgres at once. */
const MAX_CONNECTIONS = 5;

/** What an overview is read from. Each is opened when it is first asked, and kept. */
export type Sources = {
  queue(): Promise<Queue>;
  /** @throws ConfigError when it is not configured, as the others */
  pool(): Pool;
  temporal: TemporalSource['ask'];
  close(): Promise<void>;
};

export function openSources(): Sources {
  const temporal = temporalSource();
  const closers: (() => unknown)[] = [() => temporal.close()];
  const sqs = once(() => {
    const settings = loadConfig(['sqs']).sqs;
    const client = sqsClient(settings, { requestTimeoutMs: ANSWER_TIMEOUT_MS, maxAttempts: 1 });
    closers.push(() => client.destroy());
    return { settings, client };
  });
  let queue: Queue | undefined;
  return {
    async queue() {
      const { settings, client } = sqs();
      queue ??= await openQueue(client, settings);
      return queue;
    },
    pool: once(() => {
      const pool = postgresPool(
        {
          max: MAX_CONNECTIONS,
          connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
          statement_timeout: ANSWER_TIMEOUT_MS,
          query_timeout: ANSWER_TIMEOUT_MS,
          ...loadConfig(['postgres']).postgres,
        },
        { applicationName: 'login-etl status' },
      );
      closers.push(() => pool.end());
      return pool;
    }),
    temporal: temporal.ask,
    async close() {
      await Promise.allSettled(closers.map(async (close) => close()));
    },
  };
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
