import { COUNT_NAMES, type Counts } from '../../domain/counts.ts';
import type { Fate } from '../../domain/reconciliation.ts';
import type { LedgerEntry } from '../../postgres/runs/read-runs.ts';
import { describeDuration } from '../options/duration.ts';
import { terminalWidth } from '../terminal/output.ts';
import { type Column, renderTable } from '../terminal/table.ts';

const COUNT_COLUMNS: Readonly<Record<keyof Counts, Omit<Column, 'align'>>> = {
  received: { title: 'received', short: 'recv', drop: 2 },
  inserted: { title: 'inserted', short: 'ins' },
  duplicates: { title: 'duplicates', short: 'dup', drop: 3 },
  quarantined: { title: 'quarantined', short: 'quar', drop: 1 },
  acknowledged: { title: 'acknowledged', short: 'ack', drop: 4 },
  batches: { title: 'batches', short: 'bat', drop: 5 },
};

export const countColumns = (names: readonly (keyof Counts)[] = COUNT_NAMES): Column[] =>
  names.map((name) => ({ align: 'right', ...COUNT_COLUMNS[name] }));

const COLUMNS: readonly Column[] = [
  { title: 'started', drop: 5 },
  { title: 'workflow' },
  { title: 'state' },
  { title: 'took', align: 'right', drop: 6 },
  ...countColumns(),
];

/** Runs of the ledger with their counts. A run that has not closed has no counts, and the state that Temporal reports. */
export const runsTable = (
  runs: readonly LedgerEntry[],
  fates: ReadonlyMap<string, Fate> = new Map(),
): string[] =>
  renderTable(
    COLUMNS,
    runs.map(({ runId, startedAt, finishedAt, workflowId, outcome, counts }) => [
      `${startedAt.toISOString().slice(0, 19)}Z`,
      workflowId,
      outcome ?? fates.get(runId) ?? 'open',
      finishedAt ? describeDuration(finishedAt.getTime() - startedAt.getTime()) : '',
      ...COUNT_NAMES.map((name) => counts?.[name] ?? ''),
    ]),
    terminalWidth(),
  );
