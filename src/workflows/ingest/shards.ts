import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import type { IngestInput } from '../../domain/ingest-input.ts';
import { recordFailedRun, recordRun } from './close-ledger.ts';
import { Control } from './control.ts';
import { drainInChild, steerChild } from './drain-in-child.ts';
import { showProgress } from './show-progress.ts';

/**
 * Drains one queue with several workflows, so that the task rate of a single one is no ceiling. The shards need
 * no agreement: SQS gives each message to one of them. Each leaves its own rows in the
 * ledger; this run's own has no counts. What this run is told, it tells them.
 */
export async function drainInShards(settings: IngestInput): Promise<Counts> {
  const total = zeroCounts();
  const show = () => showProgress(total, control.state);
  const numbers = [...Array(settings.shards).keys()];
  const control = new Control('draining');
  const started = new Set<string>();
  control.listen((signal) => {
    show();
    for (const name of started) void steerChild(name, signal);
  });
  control.answer(settings.shards * settings.lanes, () => total);
  show();
  // Each child is waited for, also when another one fails: the failure is thrown when all have ended.
  const ends = await Promise.allSettled(
    numbers.map(async (index) => {
      const onStarted = (name: string) => {
        started.add(name);
        // What came before there was anybody to tell.
        if (control.stopping) void steerChild(name, 'drain');
        else if (control.paused) void steerChild(name, 'pause');
      };
      addCounts(total, await drainShard(index, settings, onStarted));
      show();
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) {
    // Also when it was cancelled: the ledger is written all the same.
    await CancellationScope.nonCancellable(() =>
      isCancellation(failed.reason)
        ? recordRun(zeroCounts(), 'cancelled', total)
        : recordFailedRun(zeroCounts(), total),
    );
    throw failed.reason;
  }
  await recordRun(zeroCounts(), 'completed', total);
  return total;
}

const shardName = (index: number): string => `shard-${index + 1}`;

async function drainShard(
  index: number,
  settings: IngestInput,
  onStarted: (name: string) => void,
): Promise<Counts> {
  const maxMessages = share(settings.maxMessages, index, settings.shards);
  if (maxMessages === 0) return zeroCounts();
  const name = shardName(index);
  return drainInChild(name, { ...settings, maxMessages }, () => onStarted(name));
}

/** A shard's part of the bound: the parts add up to it. */
const share = (whole: number, index: number, shards: number): number =>
  Math.floor(whole / shards) + (index < whole % shards ? 1 : 0);
