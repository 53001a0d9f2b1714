import { setTimeout as delay } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import type { Pool } from 'pg';
import { Problem } from '../../errors/problem.ts';
import {
  type RunInLedger,
  runsOf,
  type StoredMessages,
  storedMessages,
} from './stored-messages.ts';

const POLL_INTERVAL_MS = 150;
/** A sample batch takes a second or two, so this long without progress means an error. */
const NO_PROGRESS_MS = 90_000;

/** Shows a progress bar until every message is in a table. */
export async function followSamples(
  pool: Pool,
  messageIds: readonly string[],
  signal: AbortSignal,
): Promise<StoredMessages> {
  const bar = new SingleBar(
    {
      format: '  {bar} {value}/{total} messages stored, {rows} rows, {quarantined} in quarantine',
      // Fits the line into 80 columns.
      barsize: 20,
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 2_000,
      clearOnComplete: false,
      gracefulExit: false,
      stream: process.stdout,
    },
    Presets.shades_classic,
  );
  bar.start(messageIds.length, 0, { rows: 0, quarantined: 0 });
  try {
    let last = -1;
    let lastProgress = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const stored = await storedMessages(pool, messageIds);
      const total = stored.inUserLogins + stored.inQuarantine;
      bar.update(total, { rows: stored.inUserLogins, quarantined: stored.inQuarantine });
      if (total >= messageIds.length) return stored;
      if (total > last) lastProgress = performance.now();
      last = total;
      if (performance.now() - lastProgress > NO_PROGRESS_MS) {
        throw new Problem(
          `${messageIds.length - total} of ${messageIds.length} messages are not stored`,
          `nothing has moved for ${NO_PROGRESS_MS / 1000} seconds`,
          'Look at .local/logs/worker.log and at the run in the Web UI.',
        );
      }
      await delay(POLL_INTERVAL_MS, undefined, { signal });
    }
  } finally {
    bar.stop();
  }
}

/** Waits until the runs that stored the messages have ended, and returns their counts. */
export async function runsWhenOver(
  pool: Pool,
  messageIds: readonly string[],
  signal: AbortSignal,
): Promise<RunInLedger[]> {
  for (;;) {
    const runs = await runsOf(pool, messageIds);
    if (runs.every(({ finished }) => finished)) return runs;
    await delay(POLL_INTERVAL_MS, undefined, { signal });
  }
}
