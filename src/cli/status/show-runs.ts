import { COUNT_NAMES } from '../../domain/counts.ts';
import type { LedgerEntry } from '../../postgres/read-runs.ts';
import type { OpenRun } from '../../temporal/look-at-run.ts';
import { describeDuration } from '../duration.ts';
import { styled } from '../output.ts';
import { renderTable } from '../table.ts';

/** The latest runs of the ledger; of one that is open it has no counts yet. */
export function recentRuns(runs: readonly LedgerEntry[]): string {
  return renderTable(
    [
      ...['started', 'workflow', 'state'].map((title) => ({ title })),
      ...['took', ...COUNT_NAMES].map((title) => ({ title, align: 'right' as const })),
    ],
    runs.map(({ startedAt, finishedAt, workflowId, outcome, counts }) => [
      startedAt.toISOString().slice(0, 19),
      workflowId,
      outcome ?? 'open',
      finishedAt ? describeDuration(finishedAt.getTime() - startedAt.getTime()) : '',
      ...COUNT_NAMES.map((name) => counts?.[name] ?? ''),
    ]),
  );
}

export function describeRunning(runs: readonly OpenRun[], at: Date): string[] {
  return runs.length === 0 ? ['nothing just now'] : runs.flatMap((run) => describeOpen(run, at));
}

function describeOpen(run: OpenRun, at: Date): string[] {
  const { workflowId, startedAt, beginsAt, state, counts, failing } = run;
  const since = beginsAt
    ? `begins in ${describeDuration(beginsAt.getTime() - at.getTime())}`
    : `for ${describeDuration(at.getTime() - startedAt.getTime())}`;
  const soFar = counts
    ? `: ${COUNT_NAMES.map((name) => `${counts[name]} ${name}`).join(', ')}`
    : beginsAt
      ? ''
      : ', no counts to be had: no worker answers';
  return [
    `${workflowId}  ${state === 'unknown' ? '' : `${state} `}${since}${soFar}`,
    ...failing.map(({ step, attempt, reason }) =>
      styled('yellow', `  ${step} fails, attempt ${attempt}: ${reason}`),
    ),
  ];
}
