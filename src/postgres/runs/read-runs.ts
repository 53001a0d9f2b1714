import type { Pool } from 'pg';
import { CHILD_NAME, sumCounts, withChildren } from '../../domain/child-runs.ts';
import type { Counts } from '../../domain/counts.ts';
import { INGEST_SETTINGS } from '../../domain/ingest-input.ts';
import type { RunOutcome } from '../../domain/run-record.ts';

/** A run in the ledger. An open run has no outcome and no counts yet. */
export type LedgerEntry = {
  runId: string;
  workflowId: string;
  workerBuild: string;
  startedAt: Date;
  finishedAt: Date | null;
  outcome: RunOutcome | null;
  /** With those of its children. */
  counts: Counts | null;
  /** Without them. */
  ownCounts: Counts | null;
  /** The shards of the run, or the rest of a cron's run. */
  children: LedgerEntry[];
};

const COLUMNS = `
  run_id as "runId", workflow_id as "workflowId", worker_build as "workerBuild",
  started_at as "startedAt", finished_at as "finishedAt", outcome,
  case when received is not null then json_build_object('received', received, 'inserted', inserted,
    'duplicates', duplicates, 'quarantined', quarantined, 'acknowledged', acknowledged, 'batches', batches)
  end as counts`;

/** Completed runs that found an empty queue: with a run every minute, most runs do. */
const EMPTY = `(outcome in ('completed', 'continued') and received = 0)`;

/** The children since a time, each with the run that it belongs to; null while that has no row. */
const CHILDREN = `
  children as (
    select child.*, (
      select run_id from ingest_runs as parent
      where parent.workflow_id = regexp_replace(child.workflow_id, '${CHILD_NAME}', '')
        and parent.started_at between $1 and child.started_at
        and (parent.finished_at is null or parent.finished_at >= child.started_at or child.workflow_id ~ '/rest$')
      order by parent.started_at desc limit 1
    ) as parent_run_id
    from ingest_runs as child where started_at >= $1 and workflow_id ~ '${CHILD_NAME}'
  )`;

/** Runs without their children, and whether they and their children found an empty queue. */
const ROOTS = `
  ${CHILDREN},
  roots as (
    select *, coalesce(${EMPTY}, false) and run_id not in (
      select parent_run_id from children where parent_run_id is not null and not coalesce(${EMPTY}, false)
    ) as empty
    from ingest_runs
    where started_at >= $1 and run_id not in (select run_id from children where parent_run_id is not null)
  )`;

const LATEST = `
  with ${ROOTS},
    latest as (
      select * from roots where $2 or not empty order by started_at desc, run_id limit $3
    )
  select ${COLUMNS} from (
    select run_id, workflow_id, worker_build, started_at, finished_at, outcome, received, inserted, duplicates,
      quarantined, acknowledged, batches
    from latest
    union all
    select run_id, workflow_id, worker_build, started_at, finished_at, outcome, received, inserted, duplicates,
      quarantined, acknowledged, batches
    from children where parent_run_id in (select run_id from latest)
  ) as shown
  order by started_at desc, run_id`;

const COUNT_EMPTY = `with ${ROOTS} select count(*)::int as runs from roots where empty`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Row = Omit<LedgerEntry, 'children' | 'ownCounts'>;

/** Puts shards under their runs, whose counts then include theirs. */
export const nestRuns = (runs: readonly LedgerEntry[]): LedgerEntry[] =>
  withChildren(runs).map(({ run, children }) =>
    children.length === 0
      ? run
      : { ...run, children, counts: sumCounts([run, ...children].map(({ counts }) => counts)) },
  );

const toEntry = (row: Row): LedgerEntry => ({ ...row, ownCounts: row.counts, children: [] });

export type LatestRuns = { runs: LedgerEntry[]; emptyRuns: number };

/** Reads the runs that began since a time, newest first; `emptyRuns` counts the runs that found an empty queue. */
export async function readLatestRuns(
  pool: Pool,
  { since, withEmpty, limit }: { since: Date; withEmpty: boolean; limit: number },
): Promise<LatestRuns> {
  const [{ rows }, { rows: empty }] = await Promise.all([
    pool.query<Row>(LATEST, [since, withEmpty, limit]),
    pool.query<{ runs: number }>(COUNT_EMPTY, [since]),
  ]);
  return { runs: nestRuns(rows.map(toEntry)), emptyRuns: empty[0]?.runs ?? 0 };
}

const LAST_SUCCESS = `
  select finished_at as "finishedAt" from ingest_runs
  where outcome = 'continued' or (outcome = 'completed' and workflow_id !~ '${CHILD_NAME}') order by started_at desc limit 1`;

/** Returns when the latest successful run ended. */
export async function readLastSuccess(pool: Pool): Promise<Date | null> {
  const { rows } = await pool.query<{ finishedAt: Date }>(LAST_SUCCESS);
  return rows[0]?.finishedAt ?? null;
}

/**
 * The runs, and the children of their workflows, of which those of the runs are picked. The children are found by all
 * names that they can have, which the index on workflow_id serves.
 */
const FIND = `
  with found as (
    select * from ingest_runs where run_id = $2 or workflow_id = $1 order by started_at desc limit $3
  ),
  names as (
    select '/rest' as name union all select '/shard-' || n from generate_series(1, ${INGEST_SETTINGS.shards.max}) as n
  ),
  children as (
    select runs.* from names join ingest_runs as runs on workflow_id = $1 || name
    union all
    select runs.* from found cross join names join ingest_runs as runs
      on runs.workflow_id = found.workflow_id || name and found.workflow_id <> $1
      and runs.started_at between found.started_at and coalesce(found.finished_at, 'infinity')
  )
  select ${COLUMNS} from (select * from found union select * from children) as runs order by started_at desc`;

/** Returns the runs with this run id or workflow id, newest first: a workflow that continued as new has several. */
export async function findRuns(pool: Pool, id: string, limit: number): Promise<LedgerEntry[]> {
  const runId = UUID.test(id) ? id : null;
  const { rows } = await pool.query<Row>(FIND, [id, runId, limit]);
  return nestRuns(rows.map(toEntry)).slice(0, limit);
}

const MATCH = `
  select run_id::text as "runId", workflow_id as "workflowId" from ingest_runs
  where starts_with(workflow_id, $1) or starts_with(run_id::text, $1) order by started_at desc limit $2`;

/** Runs whose workflow id or run id begins with this text, newest first; all runs for ''. */
export const matchRuns = async (pool: Pool, prefix: string, limit: number): Promise<RunIds[]> =>
  (await pool.query<RunIds>(MATCH, [prefix, limit])).rows;

type RunIds = { runId: string; workflowId: string };

/** Which of these runs are in the ledger. */
export async function recordedRuns(pool: Pool, runIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ runId: string }>(
    'select run_id::text as "runId" from ingest_runs where run_id = any($1::uuid[])',
    [runIds],
  );
  return new Set(rows.map(({ runId }) => runId));
}
