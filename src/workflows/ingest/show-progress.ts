import { setCurrentDetails } from '@temporalio/workflow';
import { type Counts, countsTable } from '../../domain/counts.ts';
import type { RunState } from '../../domain/progress.ts';

/** What the Web UI shows as the workflow's current details: a small table of counts. */
export function showProgress(counts: Counts, state: RunState): void {
  setCurrentDetails(`**${state}**\n\n${countsTable(counts)}`);
}
