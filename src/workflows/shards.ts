import { ChildWorkflowCancellationType, executeChild, workflowInfo } from '@temporalio/workflow';
import { addCounts, type Counts, zeroCounts } from '../domain/counts.ts';
import type { IngestInput } from '../domain/ingest-input.ts';
import { recordFailedRun, recordRun } from './record-run.ts';
import { showProgress } from './show-progress.ts';

/**
 * Drains one queue with several workflows, so that the task rate of a single one is no ceiling. The shards need
 * no agreement: SQS gives each message to one of them. Each leaves its own rows in the
 * ledger; this run's own has no counts.
 */
export async function drainInShards({ shards, ...settings }: IngestInput): Promise<Counts> {
  const total = zeroCounts();
  showProgress(total);
  const numbers = [...Array(shards).keys()];
  // Each child is waited for, also when another one fails: the failure is thrown when all have ended.
  const ends = await Promise.allSettled(
    numbers.map(async (index) => {
      addCounts(total, await drainShard(index, shards, settings));
      showProgress(total);
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) {
    await recordFailedRun(zeroCounts());
    throw failed.reason;
  }
  await recordRun(zeroCounts(), 'completed');
  return total;
}

async function drainShard(
  index: number,
  shards: number,
  settings: Omit<IngestInput, 'shards'>,
): Promise<Counts> {
  const maxMessages = share(settings.maxMessages, index, shards);
  if (maxMessages === 0) return zeroCounts();
  return executeChild<(input: Omit<IngestInput, 'shards'>) => Promise<Counts>>('ingestLogins', {
    workflowId: `${workflowInfo().workflowId}/shard-${index + 1}`,
    args: [{ ...settings, maxMessages }],
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}

/** A shard's part of the bound: the parts add up to it. */
const share = (whole: number, index: number, shards: number): number =>
  Math.floor(whole / shards) + (index < whole % shards ? 1 : 0);
