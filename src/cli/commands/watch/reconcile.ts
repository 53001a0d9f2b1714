import type { Command } from 'commander';
import type { Pool } from 'pg';
import { sumCounts, type WithChildren, withChildren } from '../../../domain/child-runs.ts';
import { COUNT_NAMES, type Counts } from '../../../domain/counts.ts';
import {
  type ReconciledRun,
  type Reconciliation,
  reconcile,
} from '../../../domain/reconciliation.ts';
import { readLedger } from '../../../postgres/runs/read-ledger.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { withDatabase } from '../../connect/with-database.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { sinceOption } from '../../options/duration.ts';
import { runFates } from '../../runs/run-fates.ts';
import { countColumns } from '../../runs/runs-table.ts';
import { printData, printJson, styled, terminalWidth } from '../../terminal/output.ts';
import { type Column, renderTable } from '../../terminal/table.ts';

const HELP = `
Every run leaves a row in ingest_runs, the ledger. For each run that began since then, this checks that

  received = inserted + duplicates + quarantined     (+ open, if the run failed)
  user_logins and quarantine contain the rows that each of its batches stored
  the messages that it counted as duplicates are in one of the tables
  the run acknowledged no more messages than the tables contain

and that no message is in both tables, and that every row belongs to a run of the ledger. A batch leaves a count and a
sum of its message ids in ingest_batches, so that a row that is deleted or replaced later is missed.

"open" counts messages that a failed run received and did not store. They return to the queue when their visibility
timeout ends. A run that has not closed has no counts yet: its rows in the tables are shown in brackets, and Temporal
is asked how it ended. A terminated run never closes: its rows count as stored, and its other messages return to the
queue.

It reads the tables from --since to now, which takes time for a week of a large table.

Examples:
  login-etl reconcile
  login-etl reconcile --since 30d
  login-etl reconcile --since 2026-11-01T00:00:00Z --json
${EXIT_CODES_HELP}`;

const DEFAULT_SINCE = '7d';
/** The latest ones; `--json` has all. */
const SHOWN_RUNS = 50;

type Options = { since: Date; json?: boolean };

export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('check that the ledger of runs and the tables agree')
    .addOption(
      sinceOption('runs that began since then: 7d, 12h, or a date and time', DEFAULT_SINCE),
    )
    .option('--json', 'print everything as JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const result = await withDatabase(command, postgres, (pool) => readAndReconcile(pool, since));
      const addsUp = result.findings.length === 0;
      if (json) printJson({ since, addsUp, ...result, runs: withSums(result.runs) });
      else printData(describe(result, since));
      process.exitCode = addsUp ? EXIT.ok : EXIT.failure;
    });
}

export async function readAndReconcile(pool: Pool, since: Date): Promise<Reconciliation> {
  const before = await readLedger(pool, since);
  const unclosed = before.runs.flatMap(({ runId, outcome, workflowId }) =>
    outcome || workflowId === null ? [] : [{ runId, workflowId }],
  );
  if (unclosed.length === 0) return reconcile(before.runs, before.inBothTables);
  const fates = await runFates(unclosed);
  // Some may have closed in the meantime.
  const { runs, inBothTables } = await readLedger(pool, since);
  return reconcile(runs, inBothTables, fates);
}

/** A run with shards has no counts of its own. */
const withSums = (runs: readonly ReconciledRun[]) => {
  const sums = new Map(
    withChildren(runs)
      .filter(({ children }) => children.length > 0)
      .map(({ run, children }) => [
        run,
        {
          children: children.map(({ runId }) => runId),
          sum: sumOf(run, children).counts,
        },
      ]),
  );
  return runs.map((run) => ({ ...run, ...sums.get(run) }));
};

const sumOf = (run: ReconciledRun, children: readonly ReconciledRun[]): ReconciledRun => {
  if (children.length === 0) return run;
  const all = [run, ...children];
  const sum = (name: 'open' | 'rowsInUserLogins' | 'rowsInQuarantine') =>
    all.reduce((total, each) => total + each[name], 0);
  return {
    ...run,
    counts: sumCounts(all.map(({ counts }) => counts as Partial<Counts>)),
    open: sum('open'),
    rowsInUserLogins: sum('rowsInUserLogins'),
    rowsInQuarantine: sum('rowsInQuarantine'),
  };
};

const COLUMNS: readonly Column[] = [
  { title: 'started', drop: 5 },
  { title: 'workflow' },
  { title: 'state' },
  ...countColumns(),
  { title: 'open', align: 'right' },
];

function describe({ runs, findings, ...result }: Reconciliation, since: Date): string[] {
  const suspect = new Set(findings.map(({ runId }) => runId));
  const nested = withChildren(runs);
  const isSuspect = ({ run, children }: WithChildren<ReconciledRun>) =>
    [run, ...children].some(({ runId }) => suspect.has(runId));
  const busy = nested.filter(
    (each) => isSuspect(each) || [each.run, ...each.children].some((run) => !isEmpty(run)),
  );
  const shown = busy.filter((each, index) => isSuspect(each) || index >= busy.length - SHOWN_RUNS);
  const { total, open } = result;
  const table = renderTable(
    COLUMNS,
    [
      ...shown.flatMap(({ run, children }) => [
        row(sumOf(run, children)),
        ...children.map((child) => row({ ...child, workflowId: `  ${child.workflowId}` })),
      ]),
      ['', '', 'total', ...COUNT_NAMES.map((name) => total[name]), open],
    ],
    terminalWidth(),
  );
  const left = busy.length - shown.length;
  const empty = nested.length - busy.length;
  const unclosed = result.rowsOfUnclosedRuns;
  return [
    `runs since ${since.toISOString()}`,
    ...table,
    ...(left > 0 ? [`and ${left} earlier run(s): see --json`] : []),
    ...(empty > 0 ? [`and ${empty} run(s) that found an empty queue`] : []),
    ...(unclosed > 0 ? [`and ${unclosed} row(s) of runs that have not closed`] : []),
    ...(findings.length === 0
      ? [`${styled('green', '✓')} everything adds up`]
      : findings.map(
          ({ runId, workflowId, problem }) =>
            `${styled('red', '✗')} ${workflowId ? `${workflowId}, ` : ''}${runId ? `run ${runId}: ` : ''}${problem}`,
        )),
  ];
}

const isEmpty = ({ outcome, counts, ...run }: ReconciledRun): boolean =>
  (outcome === 'completed' || outcome === 'continued') &&
  counts.received === 0 &&
  run.rowsInUserLogins + run.rowsInQuarantine === 0;

function row({ startedAt, workflowId, runId, state, counts, open, ...run }: ReconciledRun) {
  const stored = { inserted: run.rowsInUserLogins, quarantined: run.rowsInQuarantine };
  const rows: Partial<Record<string, number>> = stored;
  return [
    startedAt ? `${startedAt.toISOString().slice(0, 19)}Z` : '',
    workflowId ?? runId,
    state,
    ...COUNT_NAMES.map(
      (name) => counts[name] ?? (rows[name] === undefined ? '' : `(${rows[name]})`),
    ),
    open,
  ];
}
