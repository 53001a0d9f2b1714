import type { Pool } from 'pg';
import type { Counts } from '../../domain/counts.ts';
import type { RunOutcome } from '../../domain/run-record.ts';

/** A run in the ledger. An open run has no outcome and no counts yet. */
export type LedgerEntry = {
  runId: string;
  workflowId: string;
  workerBuild: string;
  startedAt: Date;
  finishedAt: Date | null;
  outcome: RunOutcome | null;
  counts: Counts | null;
};

const COLUMNS = `
  run_id as "runId", workflow_id as "workflowId", worker_build as "workerBuild",
  started_at as "startedAt", finished_at as "finishedAt", outcome,
  case when received is not null then json_build_object('received', received, 'inserted', inserted,
    'duplicates', duplicates, 'quarantined', quarantined, 'acknowledged', acknowledged, 'batches', batches)
  end as counts`;

/** Completed runs that found an empty queue: with a run every minute, most runs do. */
const EMPTY = `(outcome in ('completed', 'continued') and received = 0)`;

const LATEST = `
  select ${COLUMNS} from ingest_runs
  where started_at >= $1 and ($2 or not coalesce(${EMPTY}, false))
  order by started_at desc, run_id limit $3`;

const COUNT_EMPTY = `select count(*)::int as runs from ingest_runs where started_at >= $1 and ${EMPTY}`;

export type LatestRuns = { runs: LedgerEntry[]; emptyRuns: number };

/** Reads the runs that began since a time, newest first; `emptyRuns` counts the runs that found an empty queue. */
export async function readLatestRuns(
  pool: Pool,
  { since, withEmpty, limit }: { since: Date; withEmpty: boolean; limit: number },
): Promise<LatestRuns> {
  const [{ rows: runs }, { rows: empty }] = await Promise.all([
    pool.query<LedgerEntry>(LATEST, [since, withEmpty, limit]),
    pool.query<{ runs: number }>(COUNT_EMPTY, [since]),
  ]);
  return { runs, emptyRuns: empty[0]?.runs ?? 0 };
}

const LAST_SUCCESS = `
  select finished_at as "finishedAt" from ingest_runs
  where outcome in ('completed', 'continued') order by started_at desc limit 1`;

/** Returns when the latest successful run ended. */
export async function readLastSuccess(pool: Pool): Promise<Date | null> {
  const { rows } = await pool.query<{ finishedAt: Date }>(LAST_SUCCESS);
  return rows[0]?.finishedAt ?? null;
}

const FIND = `
  select ${COLUMNS} from ingest_runs
  where run_id::text = $1 or workflow_id = $1 order by started_at desc limit $2`;

/** Returns the runs with this run id or workflow id, newest first: a workflow that continued as new has several. */
export async function findRuns(pool: Pool, id: string, limit: number): Promise<LedgerEntry[]> {
  return (await pool.query<LedgerEntry>(FIND, [id, limit])).rows;
}

const MATCH = `
  select run_id::text as "runId", workflow_id as "workflowId" from ingest_runs
  where starts_with(workflow_id, $1) or starts_with(run_id::text, $1) order by started_at desc limit $2`;

/** Runs whose workflow id or run id begins with this text, newest first; all runs for ''. */
export const matchRuns = async (pool: Pool, prefix: string, limit: number): Promise<RunIds[]> =>
  (await pool.query<RunIds>(MATCH, [prefix, limit])).rows;

type RunIds = { runId: string; workflowId: string };
