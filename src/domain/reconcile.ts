import { type Counts, zeroCounts } from './counts.ts';
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

export type Finding = { runId: string; problem: string };

export type Reconciliation = {
  total: Counts;
  /** Received by runs that failed, and stored by none of their batches: they come back to the queue. */
  open: number;
  runsStillOpen: number;
  findings: Finding[];
};

/**
 * Whether everything adds up: what a run received was inserted, had been there or was quarantined; what it
 * says it stored is in the tables; nothing is in both tables, or there without a run.
 */
export function reconcile(runs: readonly LedgerRun[], inBothTables: number): Reconciliation {
  const result: Reconciliation = { total: zeroCounts(), open: 0, runsStillOpen: 0, findings: [] };
  const find = (runId: string, problem: string) => result.findings.push({ runId, problem });
  if (inBothTables > 0) {
    find('*', `${inBothTables} message(s) are in user_logins and in quarantine`);
  }
  for (const run of runs) {
    const stored = run.rowsInUserLogins + run.rowsInQuarantine;
    if (run.workflowId === null) {
      find(run.runId, `${stored} row(s) of a run that the ledger does not know`);
      continue;
    }
    const { counts, outcome } = run;
    if (!isClosed(counts) || outcome === null) {
      result.runsStillOpen += 1;
      continue;
    }
    for (const name of Object.keys(result.total) as (keyof Counts)[]) {
      result.total[name] += counts[name];
    }
    const unaccounted = counts.received - counts.inserted - counts.duplicates - counts.quarantined;
    if (outcome === 'failed' && unaccounted > 0) result.open += unaccounted;
    else if (unaccounted !== 0) {
      find(
        run.runId,
        `received ${counts.received}, but accounts for ${counts.received - unaccounted}`,
      );
    }
    // A failed run may have lost the answer of an insert that was committed.
    const failedWithMore = (rows: number, said: number) => outcome === 'failed' && rows >= said;
    for (const [table, rows, said] of [
      ['user_logins', run.rowsInUserLogins, counts.inserted],
      ['quarantine', run.rowsInQuarantine, counts.quarantined],
    ] as const) {
      if (rows !== said && !failedWithMore(rows, said)) {
        find(run.runId, `says it stored ${said} row(s) in ${table}, which has ${rows} of it`);
      }
    }
    if (counts.acknowledged > counts.received) {
      find(run.runId, `acknowledged ${counts.acknowledged} of ${counts.received} messages`);
    }
  }
  return result;
}

const isClosed = (counts: LedgerRun['counts']): counts is Counts => counts.received !== null;
