import { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { loadConfig } from '../../config.ts';
import { dataConverter } from '../../crypto/data-converter.ts';
import { postgresPool } from '../../postgres/pool.ts';
import { sqsClient } from '../../sqs/client.ts';
import { openQueue, type Queue } from '../../sqs/open-queue.ts';
import { lazyConnection } from '../../temporal/connect-client.ts';
import { tryReadSettings } from '../read-settings.ts';

/** Below the five seconds that a part has to answer. */
const CONNECT_TIMEOUT_MS = 4_000;
const STATEMENT_TIMEOUT_MS = 4_500;
/** The parts that are asked of Postgres at once. */
const MAX_CONNECTIONS = 5;

/** What status is read from. Each is opened when it is first asked, and kept. */
export type Sources = {
  queue(): Promise<Queue>;
  /** @throws ConfigError when it is not configured, as the others */
  pool(): Pool;
  temporal(): Client;
  close(): Promise<void>;
};

export function openSources(): Sources {
  const closers: (() => unknown)[] = [];
  const sqs = once(() => {
    const settings = loadConfig(['sqs']).sqs;
    const client = sqsClient(settings);
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
          statement_timeout: STATEMENT_TIMEOUT_MS,
          query_timeout: STATEMENT_TIMEOUT_MS,
          ...loadConfig(['postgres']).postgres,
        },
        { applicationName: 'login-etl status' },
      );
      closers.push(() => pool.end());
      return pool;
    }),
    temporal: once(() => {
      const { connectionOptions, namespace } = loadConfig(['temporal']).temporal;
      const connection = lazyConnection(connectionOptions, CONNECT_TIMEOUT_MS);
      closers.push(() => connection.close());
      // Without payload keys nearly everything can be seen, but for why something failed.
      const payloads = tryReadSettings(['payloads'])?.payloads;
      return new Client({
        connection,
        namespace,
        ...(payloads && { dataConverter: dataConverter(payloads.keys) }),
      });
    }),
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
