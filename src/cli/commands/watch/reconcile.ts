import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { COUNT_NAMES } from '../../../domain/counts.ts';
import {
  type ReconciledRun,
  type Reconciliation,
  reconcile,
} from '../../../domain/reconciliation.ts';
import { connectOrExplain } from '../../../errors/connect-or-explain.ts';
import { checkDatabase } from '../../../postgres/check-database.ts';
import { postgresPool } from '../../../postgres/pool.ts';
import { readLedger } from '../../../postgres/runs/read-ledger.ts';
import { readSettings } from '../../connect/read-settings.ts';
import { EXIT, EXIT_CODES_HELP } from '../../exit-codes.ts';
import { parseSince } from '../../options/parse-since.ts';
import { runFates } from '../../runs/run-fates.ts';
import { printData, printJson, styled } from '../../terminal/output.ts';
import { renderTable } from '../../terminal/table.ts';

const HELP = `
Every run leaves a row in ingest_runs. For each run that began since then, this checks that

  received = inserted + duplicates + quarantined     (+ open, where the run failed)
  user_logins and quarantine have as many rows of it as it says it stored
  no more was acknowledged than was stored

and that no message is in both tables, and no row is of a run that the ledger does not know.

open are messages that a failed run took and did not store: they are on the queue again when their visibility
timeout ends. A run that has not closed has no counts yet; the rows that the tables have of it are in brackets.
Temporal is asked what became of such a run. One that was terminated never closes: what it stored counts as
stored, what it had in hand comes back to the queue.

The tables are read from --since on: a week of a large table takes its time.

Examples:
  login-etl reconcile
  login-etl reconcile --since 30d
  login-etl reconcile --since 2026-11-01T00:00:00Z --json
${EXIT_CODES_HELP}`;

const DEFAULT_SINCE = '7d';
/** Of a run for each minute of a week, people want to see the latest; `--json` has all. */
const SHOWN_RUNS = 50;
/** Longer than a worker's statements: a week of rows may be hundreds of millions. */
const READ_TIMEOUT_MS = 30 * 60_000;

type Options = { since: Date; json?: boolean };

export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('check that the ledger of runs and the tables add up')
    .addOption(
      new Option('--since <when>', 'runs that began since then: 7d, 12h, or a date and time')
        .argParser(parseSince)
        .default(parseSince(DEFAULT_SINCE), DEFAULT_SINCE),
    )
    .option('--json', 'print all of it as JSON')
    .addHelpText('after', HELP)
    .action(async ({ since, json }: Options, command: Command) => {
      const { postgres } = readSettings(command, ['postgres']);
      const pool = postgresPool(
        {
          ...postgres,
          statement_timeout: READ_TIMEOUT_MS,
          query_timeout: READ_TIMEOUT_MS,
        },
        { applicationName: 'login-etl reconcile' },
      );
      try {
        const result = await connectOrExplain('Postgres', 'Check DATABASE_URL.', async () => {
          await checkDatabase(pool);
          return readAndReconcile(pool, since);
        });
        const addsUp = result.findings.length === 0;
        if (json) printJson({ since, addsUp, ...result });
        else printData(describe(result, since).join('\n'));
        process.exitCode = addsUp ? EXIT.ok : EXIT.failure;
      } finally {
        await pool.end();
      }
    });
}

async function readAndReconcile(pool: Pool, since: Date): Promise<Reconciliation> {
  const before = await readLedger(pool, since);
  const unclosed = before.runs.flatMap(({ runId, outcome, workflowId }) =>
    outcome || workflowId === null ? [] : [{ runId, workflowId }],
  );
  if (unclosed.length === 0) return reconcile(before.runs, before.inBothTables);
  const fates = await runFates(unclosed);
  // Meanwhile some may have closed.
  const { runs, inBothTables } = await readLedger(pool, since);
  return reconcile(runs, inBothTables, fates);
}

const HEAD = ['started', 'workflow', 'state'] as const;

function describe({ runs, findings, ...result }: Reconciliation, since: Date): string[] {
  const suspect = new Set(findings.map(({ runId }) => runId));
  const busy = runs.filter((run) => suspect.has(run.runId) || !isEmpty(run));
  const shown = busy.filter(
    (run, index) => suspect.has(run.runId) || index >= busy.length - SHOWN_RUNS,
  );
  const { total, open } = result;
  const table = renderTable(
    [
      ...HEAD.map((title) => ({ title })),
      ...[...COUNT_NAMES, 'open'].map((title) => ({ title, align: 'right' as const })),
    ],
    [...shown.map(row), ['', '', 'total', ...COUNT_NAMES.map((name) => total[name]), open]],
  );
  const left = busy.length - shown.length;
  const empty = runs.length - busy.length;
  const unclosed = result.rowsOfUnclosedRuns;
  return [
    `runs since ${since.toISOString()}`,
    table,
    ...(left > 0 ? [`and ${left} earlier run(s), which --json shows`] : []),
    ...(empty > 0 ? [`and ${empty} run(s) that found nothing to do`] : []),
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
    startedAt?.toISOString() ?? '',
    workflowId ?? runId,
    state,
    ...COUNT_NAMES.map(
      (name) => counts[name] ?? (rows[name] === undefined ? '' : `(${rows[name]})`),
    ),
    open,
  ];
}
