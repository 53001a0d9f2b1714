import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { haveSameActiveKey } from '../crypto/keys/keyring.ts';
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
  const warnOfOtherKeys = otherKeysWarning({ masking, payloads }, logger);
  let reporting: Promise<void> | undefined;
  const report = () => {
    warnOfOtherKeys();
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

/** A run must not change its keys half-way, so only a restart takes up another active key. Warns once for each file. */
function otherKeysWarning(
  { masking, payloads }: Pick<Config, 'masking' | 'payloads'>,
  logger: Logger,
): () => void {
  const watched = new Map<string, Partial<Config['payloads']>>([
    ['MASKING_KEYS_FILE', masking],
    ['PAYLOAD_KEYS_FILE', payloads],
  ]);
  return () => {
    for (const [file, { keys, keysInFile }] of watched) {
      const inFile = keysInFile?.();
      if (!keys || !inFile || haveSameActiveKey(keys, inFile)) continue;
      watched.delete(file);
      logger.warn(
        { file, active: keys.activeId, activeInFile: inFile.activeId },
        'the active key in the file has changed since the start: restart to use it',
      );
    }
  };
}
