import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { type Counts, describeCounts } from '../../domain/counts.ts';
import type { RunOutcome } from '../../domain/run-record.ts';
import { RECORD, RECORD_FAILURE } from '../activity-options.ts';
import { showInLists } from '../list-entry.ts';

/**
 * Closes this run in the ledger, with the counts that its history holds.
 * @param total of the whole chain of runs: what lists show
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

/** The failure itself matters more than its row: where Postgres is what failed, there is none. */
export async function recordFailedRun(counts: Counts, total: Counts = counts): Promise<void> {
  try {
    await recordRun(counts, 'failed', total);
  } catch {
    // The run's own failure is on its way.
  }
}
