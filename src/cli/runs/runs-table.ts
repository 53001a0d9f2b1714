import { COUNT_NAMES, type Counts } from '../../domain/counts.ts';
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

/**
 * Runs with their counts, and below each its shards. A run that has not closed has no counts, and the state that Temporal
 * reports.
 */
export const runsTable = (
  runs: readonly LedgerEntry[],
  states: ReadonlyMap<string, string> = new Map(),
): string[] =>
  renderTable(
    COLUMNS,
    runs.flatMap((run) => [
      row(run, states, ''),
      ...run.children.map((child) => row(child, states, '  ')),
    ]),
    terminalWidth(),
  );

const row = (
  { runId, startedAt, finishedAt, workflowId, outcome, counts }: LedgerEntry,
  states: ReadonlyMap<string, string>,
  indent: string,
) => [
  `${startedAt.toISOString().slice(0, 19)}Z`,
  `${indent}${workflowId}`,
  outcome ?? states.get(runId) ?? 'open',
  finishedAt ? describeDuration(finishedAt.getTime() - startedAt.getTime()) : '',
  ...COUNT_NAMES.map((name) => counts?.[name] ?? ''),
];
