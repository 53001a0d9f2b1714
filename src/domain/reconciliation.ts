import { addCounts, type Counts, zeroCounts } from './counts.ts';
import type { RunOutcome } from './run-record.ts';

/** A run as ledger and tables have it. What the ledger doesn't know of is null. */
export type LedgerRun = {
  runId: string;
  workflowId: string | null;
  workerBuild: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  outcome: RunOutcome | null;
  counts: { [Name in keyof Counts]: number | null };
  rowsInUserLogins: number;
  rowsInQuarantine: number;
};

/**
 * What became of a run that the ledger has not closed, as Temporal has it. Terminated and timed out ones can't
 * close themselves, nor can one that fails since Postgres is away. `closed`: for Temporal it came to its end,
 * before which it writes the ledger. `unknown`: nobody can say.
 */
export type Fate =
  | 'running'
  | 'terminated'
  | 'timed out'
  | 'failed unrecorded'
  | 'closed'
  | 'unknown';

export type RunState = RunOutcome | Fate | 'not in the ledger';

export type ReconciledRun = LedgerRun & {
  state: RunState;
  /** Received, and neither stored nor there before: back to the queue, when their visibility timeout ends. */
  open: number;
};

export type Finding = { runId: string | null; workflowId: string | null; problem: string };

export type Reconciliation = {
  runs: ReconciledRun[];
  /** Of the runs that are closed. */
  total: Counts;
  /** Received by failed runs, and stored by none of their batches. */
  open: number;
  /** Rows in both tables of runs that are not closed: these were not counted by anyone but the tables. */
  rowsOfUnclosedRuns: number;
  findings: Finding[];
};

/**
 * Whether everything adds up: what a run received was inserted, had been there or was quarantined; what it
 * says it stored is in the tables; nothing was acknowledged that was not stored; nothing is in both tables, or
 * there without a run.
 */
export function reconcile(
  ledger: readonly LedgerRun[],
  inBothTables: number,
  fates: ReadonlyMap<string, Fate> = new Map(),
): Reconciliation {
  const result: Reconciliation = {
    runs: [],
    total: zeroCounts(),
    open: 0,
    rowsOfUnclosedRuns: 0,
    findings: [],
  };
  if (inBothTables > 0) {
    const problem = `${inBothTables} message(s) are in user_logins and in quarantine`;
    result.findings.push({ runId: null, workflowId: null, problem });
  }
  for (const run of ledger) {
    const { runId, workflowId } = run;
    const { state, open, problems } = reconcileRun(run, fates.get(runId) ?? 'unknown');
    result.runs.push({ ...run, state, open });
    result.findings.push(...problems.map((problem) => ({ runId, workflowId, problem })));
    result.open += open;
    if (isClosed(run)) addCounts(result.total, run.counts);
    else result.rowsOfUnclosedRuns += run.rowsInUserLogins + run.rowsInQuarantine;
  }
  return result;
}

type ErrorAction = { state: RunState; open: number; problems: string[] };

function reconcileRun(run: LedgerRun, fate: Fate): ErrorAction {
  const stored = `${run.rowsInUserLogins} row(s) in user_logins and ${run.rowsInQuarantine} in quarantine`;
  if (run.workflowId === null) {
    const problem = `the ledger does not know the run, of which there are ${stored}`;
    return { state: 'not in the ledger', open: 0, problems: [problem] };
  }
  if (isClosed(run)) return { state: run.outcome, ...reconcileClosed(run) };
  const problem = `the ledger has it open, with ${stored}; for Temporal it has come to its end`;
  return { state: fate, open: 0, problems: fate === 'closed' ? [problem] : [] };
}

type ClosedRun = LedgerRun & { outcome: RunOutcome; counts: Counts };

const isClosed = (run: LedgerRun): run is ClosedRun =>
  run.outcome !== null && Object.values(run.counts).every((count) => count !== null);

function reconcileClosed(run: ClosedRun): Omit<ErrorAction, 'state'> {
  const { received, inserted, duplicates, quarantined, acknowledged } = run.counts;
  const failed = run.outcome === 'failed';
  const problems: string[] = [];
  for (const [table, rows, said] of [
    ['user_logins', run.rowsInUserLogins, inserted],
    ['quarantine', run.rowsInQuarantine, quarantined],
  ] as const) {
    // A failed run may have lost the answer of an insert that was committed, never the rows.
    if (rows === said || (failed && rows > said)) continue;
    problems.push(`the ledger says that it stored ${said} row(s) in ${table}, which has ${rows}`);
  }
  const accounted = inserted + duplicates + quarantined;
  if (failed ? received < accounted : received !== accounted) {
    problems.push(
      `received ${received}, but inserted ${inserted} + duplicates ${duplicates} + ` +
        `quarantined ${quarantined} make ${accounted}`,
    );
  }
  if (acknowledged > accounted) {
    problems.push(`acknowledged ${acknowledged} messages, of which it stored ${accounted}`);
  }
  const stored =
    Math.max(inserted, run.rowsInUserLogins) + Math.max(quarantined, run.rowsInQuarantine);
  return { open: failed ? Math.max(0, received - duplicates - stored) : 0, problems };
}
