import type { Pool } from 'pg';
import type { Counts } from '../../domain/counts.ts';
import type { RunOutcome } from '../../domain/run-record.ts';

/** A run as the ledger has it. One that has not closed has no outcome and no counts yet. */
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

/** Completed, and there was nothing to do: of a run for each minute these are most. */
const EMPTY = `(outcome in ('completed', 'continued') and received = 0)`;

const LATEST = `
  select ${COLUMNS} from ingest_runs
  where started_at >= $1 and ($2 or not coalesce(${EMPTY}, false))
  order by started_at desc, run_id limit $3`;

const COUNT_EMPTY = `select count(*)::int as runs from ingest_runs where started_at >= $1 and ${EMPTY}`;

export type LatestRuns = { runs: LedgerEntry[]; emptyRuns: number };

/** The latest runs that began since then, newest first; `emptyRuns` counts those that found nothing to do. */
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

/** When the latest run that succeeded was done. */
export async function readLastSuccess(pool: Pool): Promise<Date | null> {
  const { rows } = await pool.query<{ finishedAt: Date }>(LAST_SUCCESS);
  return rows[0]?.finishedAt ?? null;
}

const FIND = `
  select ${COLUMNS} from ingest_runs
  where run_id::text = $1 or workflow_id = $1 order by started_at desc limit $2`;

/** The runs of this run id or workflow id, newest first: one that continued as new has left several. */
export async function findRuns(pool: Pool, id: string, limit: number): Promise<LedgerEntry[]> {
  return (await pool.query<LedgerEntry>(FIND, [id, limit])).rows;
}

const MATCH = `
  select run_id::text as "runId", workflow_id as "workflowId" from ingest_runs
  where starts_with(workflow_id, $1) or starts_with(run_id::text, $1) order by started_at desc limit $2`;

/** Runs whose workflow id or run id begins with this text, newest first; all runs for ''. */
export const matchRuns = async (pool: Pool, prefix: string, limit: number): Promise<RunIds[]> =>
  (await pool.query<RunIds>(MATCH, [prefix, limit])).rows;

export type RunIds = { runId: string; workflowId: string };
