import { workflowInfo } from '@temporalio/workflow';
import type { ReplayBatch } from '../../batch/replay-batch.ts';
import { addCounts, type Counts, zeroCounts } from '../../domain/counts.ts';
import { recordFailedRun, recordRun } from '../ingest/close-ledger.ts';
import { maskAndInsert } from '../ingest/mask-and-insert.ts';
import { showProgress } from '../ingest/show-progress.ts';

/**
 * Masks and inserts a batch of quarantined messages again, with their own ids, and writes its row in the ledger. The
 * transaction that stores a message removes it from quarantine; a message that is still invalid is quarantined again
 * with its new reason. A message that a custodian has not released stays in quarantine and counts as a duplicate.
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
