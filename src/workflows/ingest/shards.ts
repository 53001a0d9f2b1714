import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { sumCounts } from '../../domain/child-runs.ts';
import { addCounts, type Counts, describeCounts, zeroCounts } from '../../domain/counts.ts';
import type { ChosenTuning, IngestInput } from '../../domain/ingest-input.ts';
import type { RunState } from '../../domain/progress.ts';
import type { RunOutcome } from '../../domain/run-record.ts';
import { Control } from './control.ts';
import type { Drain } from './drain.ts';
import { drainInChild, steerChild } from './drain-in-child.ts';
import type { LedgerRow } from './ledger-row.ts';
import { showProgress } from './show-progress.ts';
import { watchShards } from './watch-shards.ts';

/** A drain that found a backlog, and leaves it to the shards. */
export type Beginning = {
  chosen: ChosenTuning;
  control: Control;
  drain: Drain;
  /** Settles when its current batches are stored. */
  stored: Promise<unknown> | undefined;
};

/**
 * Drains one queue with several child workflows, so that the task rate of one workflow is not the limit. The shards need
 * no coordination, since SQS delivers each message to one of them. Each shard writes its own rows in the ledger; the row
 * of this run has only the counts of its beginning. Its details show the sum so far. Signals to this run are forwarded to
 * the shards.
 */
export async function drainInShards(
  settings: IngestInput,
  ledgerRow: LedgerRow,
  beginning?: Beginning,
): Promise<Counts> {
  const total = zeroCounts();
  const sumSoFar = () => sumCounts([total, ...(beginning ? [beginning.drain.total()] : [])]);
  const ownCounts = () => beginning?.drain.counts ?? zeroCounts();
  const shards = new Map<string, string>();
  /** The latest counts of the shards that are open, which `total` does not have. */
  const openCounts = new Map<string, Counts>();
  const show = (state: RunState | RunOutcome = control.state) =>
    showProgress(sumCounts([sumSoFar(), ...openCounts.values()]), state, {
      shards,
      chosen: beginning?.chosen,
    });
  const numbers = [...Array(settings.shards).keys()];
  const control = beginning?.control ?? new Control('draining');
  const started = new Set<string>();
  const ended = new Set<string>();
  control.listen((signal) => {
    show();
    for (const name of started) void steerChild(name, signal);
  });
  control.answer(settings.shards * settings.lanes, sumSoFar, beginning?.chosen);
  show();
  const stopWatching = watchShards(
    () => [...started].filter((name) => !ended.has(name)),
    (counts) => {
      for (const [name, each] of counts) {
        if (ended.has(name)) continue;
        openCounts.set(name, each);
        shards.set(name, `running, ${describeCounts(each)}`);
      }
      show();
    },
  );
  // Wait for all children, and throw a failure only after all have ended.
  const ends = await Promise.allSettled([
    ...(beginning ? [beginning.stored] : []),
    ...numbers.map(async (index) => {
      const onStarted = (name: string) => {
        started.add(name);
        shards.set(name, 'running');
        show();
        // Forward the signals that arrived before the child started.
        if (control.stopping) void steerChild(name, 'drain');
        else if (control.paused) void steerChild(name, 'pause');
      };
      const name = shardName(index);
      try {
        const counts = await drainShard(index, settings, onStarted);
        addCounts(total, counts);
        if (started.has(name)) shards.set(name, describeCounts(counts));
      } catch (error) {
        shards.set(name, isCancellation(error) ? 'cancelled' : 'failed');
        throw error;
      } finally {
        ended.add(name);
        openCounts.delete(name);
        show();
      }
    }),
  ]);
  stopWatching();
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) {
    // A cancelled run writes its row in the ledger, too.
    const cancelled = isCancellation(failed.reason);
    await CancellationScope.nonCancellable(() =>
      cancelled
        ? ledgerRow.close(ownCounts(), 'cancelled', sumSoFar())
        : ledgerRow.closeFailed(ownCounts(), sumSoFar()),
    );
    show(cancelled ? 'cancelled' : 'failed');
    throw failed.reason;
  }
  await ledgerRow.close(ownCounts(), 'completed', sumSoFar());
  show('completed');
  return sumSoFar();
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

/** A shard's share of `maxMessages`: the shares add up to it exactly. */
const share = (whole: number, index: number, shards: number): number =>
  Math.floor(whole / shards) + (index < whole % shards ? 1 : 0);
