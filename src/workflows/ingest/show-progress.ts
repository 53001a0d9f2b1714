import { setCurrentDetails } from '@temporalio/workflow';
import { type Counts, countsTable } from '../../domain/counts.ts';
import { type ChosenTuning, describeChosen } from '../../domain/ingest-input.ts';
import type { RunState } from '../../domain/progress.ts';
import type { RunOutcome } from '../../domain/run-record.ts';

type Also = { shards?: ReadonlyMap<string, string>; chosen?: ChosenTuning | undefined };

/**
 * Shows a table of counts as the workflow's current details in the Web UI.
 * @param also.shards what each shard does, by name
 */
export function showProgress(
  counts: Counts,
  state: RunState | RunOutcome,
  { shards = new Map(), chosen }: Also = {},
): void {
  const lines = Array.from(shards)
    .sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([name, what]) => `- ${name}: ${what}`);
  const parts = [
    `**${state}**`,
    countsTable(counts),
    ...(chosen ? [describeChosen(chosen)] : []),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
  ];
  setCurrentDetails(parts.join('\n\n'));
}
