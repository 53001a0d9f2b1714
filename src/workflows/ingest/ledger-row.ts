import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { BatchTag } from '../../batch/batch.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import { type Counts, describeCounts } from '../../domain/counts.ts';
import type { RunOutcome } from '../../domain/run-record.ts';
import { RECORD, RECORD_FAILURE } from '../activity-options.ts';
import { showInLists } from '../list-entry.ts';
import { showProgress } from './show-progress.ts';

/** This run's row in the ledger. Create it first: the run begins with it. */
export class LedgerRow {
  /** The time of the first workflow task: a cron's next run is created long before its turn. */
  readonly #begunAtMs = Date.now();

  /** The run and a batch of it, which may be the first to write the row. */
  batchTag(number: number): BatchTag {
    const { runId, workflowId } = workflowInfo();
    return { runId, workflowId, startedAtMs: this.#begunAtMs, number };
  }

  /**
   * Records this run's outcome and counts, and shows them in the Web UI.
   * @param total the counts of the whole chain of runs, which lists show
   */
  async close(counts: Counts, outcome: RunOutcome, total: Counts = counts): Promise<void> {
    const { runId, workflowId } = workflowInfo();
    const { recordRun } = proxyActivities<Activities>({
      ...(outcome === 'failed' ? RECORD_FAILURE : RECORD),
      summary: clearSummary(`ledger: ${describeCounts(counts)}`),
    });
    const { searchable } = await recordRun({
      runId,
      workflowId,
      startedAtMs: this.#begunAtMs,
      finishedAtMs: Date.now(),
      outcome,
      counts,
    });
    showInLists(total, searchable);
    showProgress(total, outcome);
  }

  /** Ignores its own failure, since the run's failure matters more: without Postgres there is no row. */
  async closeFailed(counts: Counts, total: Counts = counts): Promise<void> {
    showProgress(total, 'failed');
    try {
      await this.close(counts, 'failed', total);
    } catch {
      // The caller throws the run's own failure.
    }
  }
}
