import { setCurrentDetails } from '@temporalio/workflow';
import { type Counts, describeCounts } from '../domain/counts.ts';

/** What the Web UI shows as the workflow's current details: counts only. */
export function showProgress(counts: Counts): void {
  setCurrentDetails(`**${describeCounts(counts)}** in ${counts.batches} batches`);
}
