import type { Pool } from 'pg';
import { readChanges, sayFollowing } from '../../postgres/reads/follow-changes.ts';
import { repeatUntilStopped } from '../repeat-until-stopped.ts';
import { type PgSnapshot, parseSnapshot } from './pg-snapshot.ts';
import { type Scope, TouchedSlots } from './touched-slots.ts';

const POLL_MS = 300;
/** Half a second less than an answer may be stale. */
const BEHIND_AFTER_MS = 1_500;
/** After this long without a poll, what has changed meanwhile is not read. */
const START_OVER_AFTER_MS = 60_000;
const SAY_FOLLOWING_MS = 60_000;

/** Knows what has changed in the database, up to a moment ago. */
export type ChangesFollower = {
  /** False while changes of the last two seconds may be unknown: then no kept answer may be used. */
  isCurrent(): boolean;
  isRight(scope: Scope, snapshot: PgSnapshot): boolean;
  stop(): Promise<void>;
};

/** @param onPurge everything that is kept has to go */
export function followChanges(pool: Pool, onPurge: () => void): ChangesFollower {
  let touched: TouchedSlots | undefined;
  let since: string | undefined;
  let partitions: string | undefined;
  let currentAtMs = Number.NEGATIVE_INFINITY;
  let saidAtMs = Number.NEGATIVE_INFINITY;

  async function poll(): Promise<void> {
    const startedAtMs = performance.now();
    if (startedAtMs - currentAtMs > START_OVER_AFTER_MS) since = undefined;
    const read = await readChanges(pool, since);
    const { xmax } = parseSnapshot(read.transactions);
    // Another server, or an earlier state of it, may count transactions from lower on.
    const isEarlier = since !== undefined && xmax < parseSnapshot(since).xmax;
    if (!touched || since === undefined || isEarlier) {
      touched = new TouchedSlots(xmax - 1);
      onPurge();
    } else if (read.partitions !== partitions) {
      touched.touchEverything(xmax - 1);
    }
    for (const change of read.changes) touched.record(change);
    touched.summedUp(read.summedUp);
    touched.forgetOld();
    ({ transactions: since, partitions } = read);
    currentAtMs = startedAtMs;
    if (read.changes.some(({ purge }) => purge)) onPurge();
  }

  async function say(): Promise<void> {
    if (performance.now() - saidAtMs < SAY_FOLLOWING_MS) return;
    saidAtMs = performance.now();
    await sayFollowing(pool);
  }

  // Until a poll succeeds, no kept answer is used.
  const polling = repeatUntilStopped(
    POLL_MS,
    () => poll().then(say),
    () => undefined,
  );

  return {
    isCurrent: () => performance.now() - currentAtMs < BEHIND_AFTER_MS,
    isRight: (scope, snapshot) => touched?.isRight(scope, snapshot) ?? false,
    stop: () => polling.stop(),
  };
}
