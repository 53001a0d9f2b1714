import { addCounts, type Counts, zeroCounts } from './counts.ts';
import type { RunOutcome } from './run-record.ts';

/** A run according to the ledger and the tables. Fields that the ledger does not have are null. */
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
  /** Batches whose rows in user_logins are no longer those that it stored. */
  changedBatches: readonly ChangedBatch[];
  /** Fewer batches are on record than the ledger counts: builds before 0.4 kept no record. */
  lacksRecords: boolean;
  /** Messages that it quarantined, and that are neither there nor recorded as departed. */
  lostFromQuarantine: number;
  /** Messages that it counted as duplicates, and that are in no table now; the first of their ids. */
  lostDuplicates: { messages: number; ids: readonly string[] };
};

type ChangedBatch = { number: number; stored: number; found: number };

/** Of one run; the others are only counted. */
const NAMED_BATCHES = 10;

/**
 * The state in Temporal of a run that is still open in the ledger. Terminated and timed-out runs can't close their row,
 * nor can a run that fails without Postgres. `closed`: the run ended in a way that writes the ledger first. `unknown`:
 * Temporal no longer has the run.
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
  /** Received but neither stored nor duplicates: they are redelivered after their visibility timeout. */
  open: number;
};

export type Finding = { runId: string | null; workflowId: string | null; problem: string };

export type Reconciliation = {
  runs: ReconciledRun[];
  /** The sum over the closed runs. */
  total: Counts;
  /** Messages that failed runs received but did not store. */
  open: number;
  /** Rows in both tables of runs that are not closed, which no ledger row counts. */
  rowsOfUnclosedRuns: number;
  findings: Finding[];
};

/**
 * Whether everything adds up: what a run received was inserted, had been there or was quarantined; what each of its
 * batches stored is in the tables, and what it counted as duplicates; it acknowledged no more than that; no message is in
 * both tables, and no row is without a run.
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

type RunCheck = { state: RunState; open: number; problems: string[] };

function reconcileRun(run: LedgerRun, fate: Fate): RunCheck {
  const stored = `${run.rowsInUserLogins} row(s) in user_logins and ${run.rowsInQuarantine} in quarantine`;
  if (run.workflowId === null) {
    const problem = `the ledger does not know the run, of which there are ${stored}`;
    return { state: 'not in the ledger', open: 0, problems: [problem] };
  }
  const changed = changesOf(run);
  if (isClosed(run)) {
    const { open, problems } = reconcileClosed(run);
    return { state: run.outcome, open, problems: [...problems, ...changed] };
  }
  const problem = `the ledger has it open, with ${stored}; for Temporal it has come to its end`;
  return { state: fate, open: 0, problems: [...(fate === 'closed' ? [problem] : []), ...changed] };
}

/** What became of the messages of its batches since they were stored. */
function changesOf(run: LedgerRun): string[] {
  const { lostFromQuarantine, lostDuplicates } = run;
  // Builds before 0.4 gave two batches one number if they were received at once, so the rows may be of both.
  const changedBatches = run.changedBatches.filter(
    ({ stored, found }) => !(run.lacksRecords && found > stored),
  );
  const problems = changedBatches.slice(0, NAMED_BATCHES).map(({ number, stored, found }) => {
    const rows = `${stored} row(s) that batch ${number} stored`;
    if (found < stored) return `missing from user_logins: ${stored - found} of the ${rows}`;
    if (found > stored) return `in user_logins, beside the ${rows}: ${found - stored} more of it`;
    return `in user_logins, in place of some of the ${rows}: other messages`;
  });
  const others = changedBatches.length - NAMED_BATCHES;
  if (others > 0) problems.push(`and ${others} more of its batches have lost or changed rows`);
  if (lostFromQuarantine > 0) {
    problems.push(
      `missing from quarantine, and not recorded as departed: ${lostFromQuarantine} of its messages`,
    );
  }
  const { messages, ids } = lostDuplicates;
  if (messages > 0) {
    const rest = messages > ids.length ? ', …' : '';
    problems.push(
      `missing from both tables: ${messages} of its duplicates (${ids.join(', ')}${rest})`,
    );
  }
  return problems;
}

type ClosedRun = LedgerRun & { outcome: RunOutcome; counts: Counts };

const isClosed = (run: LedgerRun): run is ClosedRun =>
  run.outcome !== null && Object.values(run.counts).every((count) => count !== null);

function reconcileClosed(run: ClosedRun): Omit<RunCheck, 'state'> {
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
  const found =
    run.rowsInUserLogins + run.rowsInQuarantine + duplicates - run.lostDuplicates.messages;
  if (acknowledged > found) {
    problems.push(`acknowledged ${acknowledged} messages, of which ${found} are in the tables`);
  }
  const stored =
    Math.max(inserted, run.rowsInUserLogins) + Math.max(quarantined, run.rowsInQuarantine);
  return { open: failed ? Math.max(0, received - duplicates - stored) : 0, problems };
}
