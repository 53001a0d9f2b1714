import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { UsedPayloadKeys } from '../crypto/payloads/used-payload-keys.ts';
import { UNKEYED_ID } from '../domain/login/masking.ts';
import { TASK_QUEUE } from '../domain/names.ts';
import { recordKeyUse } from '../postgres/workers/payload-key-uses.ts';
import {
  removeOldReports,
  reportStopped,
  reportWorker,
  type WorkerReport,
} from '../postgres/workers/report-worker.ts';

const INTERVAL_MS = 5_000;

type HeartbeatParts = { pool: Pool; usedKeys: UsedPayloadKeys; build: string; logger: Logger };

export type Heartbeat = { stop(): Promise<void> };

/**
 * Updates the worker's row in Postgres every few seconds. Temporal only lists who polled within the last minutes, and
 * does not know which keys a worker uses. Also records which payload keys are in use.
 */
export async function startHeartbeat(
  { masking, payloads }: Pick<Config, 'masking' | 'payloads'>,
  { pool, usedKeys, build, logger }: HeartbeatParts,
): Promise<Heartbeat> {
  const { activeId, keys } = payloads.keys;
  const worker: WorkerReport = {
    workerId: randomUUID(),
    // The SDK's default identity of a worker.
    identity: `${process.pid}@${hostname()}`,
    taskQueue: TASK_QUEUE,
    build,
    maskKeyId: masking.keys?.activeId ?? UNKEYED_ID,
    payloadKeyIds: [activeId, ...[...keys.keys()].filter((id) => id !== activeId)],
  };
  let reporting: Promise<void> | undefined;
  const report = () => {
    reporting ??= reportWorker(pool, worker)
      .then(() => recordKeyUse(pool, usedKeys.take()))
      .catch(() => logger.warn('the worker could not report to Postgres that it is alive'))
      .finally(() => {
        reporting = undefined;
      });
    return reporting;
  };
  await report();
  await removeOldReports(pool).catch(() => undefined);
  const timer = setInterval(() => void report(), INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await reporting;
      await reportStopped(pool, worker.workerId).catch(() => undefined);
    },
  };
}
