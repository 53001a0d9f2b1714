import { workflowInfo } from '@temporalio/workflow';
import { toInsertRequest, toRefusedRequest } from '../domain/batch.ts';
import { addCounts, type Counts, zeroCounts } from '../domain/counts.ts';
import type { ReplayBatch } from '../domain/replay.ts';
import { recordFailedRun, recordRun } from './record-run.ts';
import { showProgress } from './show-progress.ts';
import { steps } from './steps.ts';

/**
 * Sends a batch of quarantined messages through masking and insert again, with their own ids, and leaves its row in
 * the ledger. They leave quarantine with the transaction that stores them; what is still no login event is quarantined
 * anew, with the reason of today. A message that a custodian has not released is left where it is, and counts as a
 * duplicate.
 */
export async function replayQuarantine(batch: ReplayBatch): Promise<Counts> {
  const counts = { ...zeroCounts(), received: batch.messageIds.length, batches: 1 };
  showProgress(counts);
  try {
    await store(batch, counts);
  } catch (error) {
    await recordFailedRun(counts);
    throw error;
  }
  await recordRun(counts, 'completed');
  return counts;
}

async function store({ replayId, ...batch }: ReplayBatch, counts: Counts): Promise<void> {
  const { runId, workflowId, startTime } = workflowInfo();
  const tag = { runId, workflowId, startedAtMs: startTime.getTime(), number: 1 };
  const masked = await steps.mask(1, batch.bodies);
  const request = { ...toInsertRequest(tag, batch, masked), replayId };
  const { refused, ...stored } = await steps.insert(1, request);
  addCounts(counts, stored);
  if (refused.length > 0) {
    const rest = await steps.insert(1, {
      ...toRefusedRequest(tag, batch, masked, refused),
      replayId,
    });
    addCounts(counts, { duplicates: rest.duplicates, quarantined: rest.quarantined });
  }
  showProgress(counts);
}
