import { COUNT_NAMES } from '../../domain/counts.ts';
import type { Fate } from '../../domain/reconciliation.ts';
import type { LedgerEntry } from '../../postgres/runs/read-runs.ts';
import { describeDuration } from '../options/duration.ts';
import { renderTable } from '../terminal/table.ts';

/** Runs of the ledger, with their counts. One that has not closed has none yet, and is what Temporal says it is. */
export function runsTable(
  runs: readonly LedgerEntry[],
  fates: ReadonlyMap<string, Fate> = new Map(),
): string {
  return renderTable(
    [
      ...['started', 'workflow', 'state'].map((title) => ({ title })),
      ...['took', ...COUNT_NAMES].map((title) => ({ title, align: 'right' as const })),
    ],
    runs.map(({ runId, startedAt, finishedAt, workflowId, outcome, counts }) => [
      startedAt.toISOString().slice(0, 19),
      workflowId,
      outcome ?? fates.get(runId) ?? 'open',
      finishedAt ? describeDuration(finishedAt.getTime() - startedAt.getTime()) : '',
      ...COUNT_NAMES.map((name) => counts?.[name] ?? ''),
    ]),
  );
}
