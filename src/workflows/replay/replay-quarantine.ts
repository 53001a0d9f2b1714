import { workflowInfo } from '@temporalio/workflow';
import type { ReplayBatch } from '../../batch/replay-batch.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import { recordFailedRun, recordRun } from '../ingest/close-ledger.ts';
import { maskAndInsert } from '../ingest/mask-and-insert.ts';
import { showProgress } from '../ingest/show-progress.ts';

/**
 * Sends a batch of quarantined messages through masking and insert again, with their own ids, and leaves its row in
 * the ledger. They leave quarantine with the transaction that stores them; what is still no login event is quarantined
 * again, with today's reason. A message that a custodian has not released is left where it is, and counts as a
 * duplicate.
 */
export async function replayQuarantine(batch: ReplayBatch): Promise<Counts> {
  const counts = { ...zeroCounts(), received: batch.count, batches: 1 };
  showProgress(counts, 'draining');
  try {
    await store(batch, counts);
  } catch (error) {
    await recordFailedRun(counts);
    throw error;
  }
  await recordRun(counts, 'completed');
  return counts;
}

async function store({ replayId, count, ids, bodies }: ReplayBatch, counts: Counts): Promise<void> {
  const { runId, workflowId, startTime } = workflowInfo();
  const tag = { runId, workflowId, startedAtMs: startTime.getTime(), number: 1 };
  await maskAndInsert(1, { count, ids, bodies }, { batch: tag, replayId }, (part) => part, {
    stepDone: () => undefined,
    counted: (some) => addCounts(counts, some),
  });
  showProgress(counts, 'draining');
}
