import type { Pool } from 'pg';
import { TASK_QUEUE } from '../../domain/names.ts';
import { otherKeyLastSeenMs, workersWithOtherKey } from '../../domain/rotation/live-workers.ts';
import type { OldKeyWriters } from '../../domain/rotation/rotation.ts';
import { readReportedWorkers } from '../../postgres/workers/read-workers.ts';

export type CanWrite = {
  pool: Pool;
  /** The identities of workers that have polled Temporal recently. */
  listPollers(): Promise<string[]>;
  /** The open runs with a step after masking that was scheduled before then. */
  batchesInFlight(beforeMs: number): Promise<string[]>;
};

export type FindOldKeyWriters = (keyId: string) => Promise<OldKeyWriters>;

/** The clocks of Temporal, Postgres and the custodian's worker may differ by up to this. */
const CLOCKS_MS = 60_000;
/** Named in the rotation's status. */
const MAX_NAMED = 20;

/** Finds live workers that do not mask with this key, and runs that may still store what such workers masked. */
export const findOldKeyWriters =
  ({ pool, listPollers, batchesInFlight }: CanWrite): FindOldKeyWriters =>
  async (keyId) => {
    const [reported, polled] = await Promise.all([
      readReportedWorkers(pool, TASK_QUEUE),
      listPollers(),
    ]);
    const workers = workersWithOtherKey(reported, polled, keyId);
    const lastSeenMs = otherKeyLastSeenMs(reported, keyId);
    const runs = lastSeenMs > 0 ? await batchesInFlight(lastSeenMs + CLOCKS_MS) : [];
    return { workers: workers.slice(0, MAX_NAMED), runs: runs.slice(0, MAX_NAMED), lastSeenMs };
  };
