import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { type Counts, describeCounts } from '../../domain/counts.ts';
import type { RunOutcome } from '../../domain/run-record.ts';
import { RECORD, RECORD_FAILURE } from '../activity-options.ts';
import { showInLists } from '../list-entry.ts';

/**
 * Records this run's outcome and counts in the ledger.
 * @param total the counts of the whole chain of runs, which lists show
 */
export async function recordRun(
  counts: Counts,
  outcome: RunOutcome,
  total: Counts = counts,
): Promise<void> {
  const { runId, workflowId, startTime } = workflowInfo();
  const { recordRun: record } = proxyActivities<Activities>({
    ...(outcome === 'failed' ? RECORD_FAILURE : RECORD),
    summary: clearSummary(`ledger: ${describeCounts(counts)}`),
  });
  const { searchable } = await record({
    runId,
    workflowId,
    startedAtMs: startTime.getTime(),
    finishedAtMs: Date.now(),
    outcome,
    counts,
  });
  showInLists(total, searchable);
}

/** Ignores its own failure, since the run's failure matters more: without Postgres there is no row. */
export async function recordFailedRun(counts: Counts, total: Counts = counts): Promise<void> {
  try {
    await recordRun(counts, 'failed', total);
  } catch {
    // The caller throws the run's own failure.
  }
}
