import { COUNT_NAMES } from '../../domain/counts.ts';
import { describeChosen } from '../../domain/ingest-input.ts';
import type { OpenRun } from '../../temporal/runs/look-at-run.ts';
import { describeDuration } from '../options/duration.ts';
import { styled } from '../terminal/output.ts';

export function describeRunning(runs: readonly OpenRun[], at: Date): string[] {
  return runs.length === 0 ? ['none'] : runs.flatMap((run) => describeOpen(run, at));
}

/** An open run in one line, what it chose, and its failing steps. */
export function describeOpen(run: OpenRun, at: Date): string[] {
  const { workflowId, startedAt, beginsAt, state, counts, chosen, failing } = run;
  const since = beginsAt
    ? `begins in ${describeDuration(beginsAt.getTime() - at.getTime())}`
    : `for ${describeDuration(at.getTime() - startedAt.getTime())}`;
  const soFar = counts
    ? `: ${COUNT_NAMES.map((name) => `${counts[name]} ${name}`).join(', ')}`
    : beginsAt
      ? ''
      : ', counts unknown: no worker answers';
  return [
    `${workflowId}  ${state === 'unknown' ? '' : `${state} `}${since}${soFar}`,
    ...(chosen ? [`  ${describeChosen(chosen)}`] : []),
    ...failing.map(({ step, attempt, reason }) =>
      styled('yellow', `  ${step} fails, attempt ${attempt}: ${reason}`),
    ),
  ];
}
