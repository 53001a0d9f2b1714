import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { clearSummary } from '../domain/clear-text.ts';
import { type Counts, describeCounts } from '../domain/counts.ts';
import type { RunOutcome } from '../domain/run-record.ts';
import { RECORD, RECORD_FAILURE } from './activity-options.ts';

/** Closes this run in the ledger, with the counts that its history holds. */
export async function recordRun(counts: Counts, outcome: RunOutcome): Promise<void> {
  const { runId, workflowId, startTime } = workflowInfo();
  const { recordRun: record } = proxyActivities<Activities>({
    ...(outcome === 'failed' ? RECORD_FAILURE : RECORD),
    summary: clearSummary(`ledger: ${describeCounts(counts)}`),
  });
  await record({
    runId,
    workflowId,
    startedAtMs: startTime.getTime(),
    finishedAtMs: Date.now(),
    outcome,
    counts,
  });
}

/** The failure itself matters more than its row: where Postgres is what failed, there is none. */
export async function recordFailedRun(counts: Counts): Promise<void> {
  try {
    await recordRun(counts, 'failed');
  } catch {
    // The run's own failure is on its way.
  }
}
