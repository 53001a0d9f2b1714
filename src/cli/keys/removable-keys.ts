import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { TASK_QUEUE } from '../../domain/names.ts';
import { type PayloadKeyUse, readKeyUses } from '../../postgres/workers/payload-key-uses.ts';
import { readReportedWorkers } from '../../postgres/workers/read-workers.ts';
import { keptHistories, keysOfSchedule } from '../../temporal/kept-histories.ts';

/** The time from which a payload key may be removed, or null with the reason why not. */
export type Removable = { from: Date | null; reason: string };

/** The records of payload keys in the database. */
type KeysInUse = { uses: PayloadKeyUse[]; activeIn: Map<string, string> };

export async function readKeysInUse(pool: Pool): Promise<KeysInUse> {
  const live = (await readReportedWorkers(pool, TASK_QUEUE)).filter(({ alive }) => alive);
  const activeIn = new Map(
    live.map(({ payloadKeyIds, identity }) => [payloadKeyIds[0] ?? '', identity]),
  );
  return { uses: await readKeyUses(pool), activeIn };
}

/**
 * Finds when keys that are not active here may be removed, by the histories of all these namespaces. A key without a record
 * was last used by an earlier build, before the records begin.
 */
export async function removableKeys(
  [ingestion, ...others]: readonly [Client, ...Client[]],
  { uses, activeIn }: KeysInUse,
  keyIds: readonly string[],
): Promise<Map<string, Removable>> {
  const scheduled = await keysOfSchedule(ingestion);
  const recordsBegin = Math.min(...uses.map(({ firstUsedAt }) => firstUsedAt.getTime()));
  const removableKey = async (keyId: string): Promise<Removable> => {
    const worker = activeIn.get(keyId);
    if (worker !== undefined) return kept(`it is the active one of worker ${worker}`);
    if (scheduled.includes(keyId)) {
      return kept(
        "the schedule's input is encrypted with it: `login-etl schedule create --replace`",
      );
    }
    if (uses.length === 0) return kept('no worker of this build has run yet to record its use');
    const use = uses.find((each) => each.keyId === keyId);
    const last = use?.lastUsedAt ?? new Date(recordsBegin);
    const { open, removedAt } = await keptHistories([ingestion, ...others], last);
    if (open !== undefined) return kept(`the open run ${open} may need it`);
    if (removedAt === undefined) return { from: new Date(), reason: 'no history needs it' };
    return { from: removedAt, reason: 'Temporal then removes the last history that may need it' };
  };
  return new Map(
    await Promise.all(keyIds.map(async (id) => [id, await removableKey(id)] as const)),
  );
}

const kept = (reason: string): Removable => ({ from: null, reason });
