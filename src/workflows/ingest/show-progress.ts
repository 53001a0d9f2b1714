import { setCurrentDetails } from '@temporalio/workflow';
import { type Counts, countsTable } from '../../domain/counts.ts';
import type { RunState } from '../../domain/progress.ts';
import type { RunOutcome } from '../../domain/run-record.ts';

/** Shows a table of counts as the workflow's current details in the Web UI. */
export function showProgress(counts: Counts, state: RunState | RunOutcome): void {
  setCurrentDetails(`**${state}**\n\n${countsTable(counts)}`);
}
