import type { Pool } from 'pg';
import { CHILD_NAME } from '../../domain/child-runs.ts';
import type { Counts } from '../../domain/counts.ts';

/** The ledger's counts as numbers: a double holds a day's sum exactly. */
const COUNTS = (wrap: (column: string) => string) =>
  ['received', 'inserted', 'duplicates', 'quarantined', 'acknowledged', 'batches']
    .map((column) => `'${column}', ${wrap(column)}`)
    .join(', ');

/** A run that is not the shard of another. */
const ROOT = `workflow_id !~ '${CHILD_NAME}'`;

// Runs that continued as new count as successful: a large backlog takes many of them.
const LAST_SUCCESS = `
  select extract(epoch from finished_at)::float8 as "finishedAtSeconds" from ingest_runs
  where outcome = 'continued' or (outcome = 'completed' and ${ROOT})
  order by started_at desc limit 1`;

const LAST_RUN = `
  with last as (
    select * from ingest_runs where finished_at is not null and ${ROOT} order by started_at desc limit 1
  )
  select extract(epoch from max(last.finished_at - last.started_at))::float8 as "durationSeconds",
    json_build_object(${COUNTS((column) => `sum(runs.${column})`)}) as counts
  from last join ingest_runs as runs on runs.run_id = last.run_id
    or (runs.started_at >= last.started_at
      and runs.workflow_id ~ '${CHILD_NAME}'
      and regexp_replace(runs.workflow_id, '${CHILD_NAME}', '') = last.workflow_id)
  having count(*) > 0`;

const LAST_DAY = `
  select coalesce(outcome, 'open') as outcome, count(*) filter (where ${ROOT})::int as runs,
    json_build_object(${COUNTS((column) => `coalesce(sum(${column}), 0)`)}) as counts
  from ingest_runs where started_at > now() - interval '24 hours' group by 1`;

type RunSummary = {
  lastSuccessAtSeconds: number | undefined;
  lastRun: { durationSeconds: number; counts: Counts } | undefined;
  /** Runs begun in the last 24 hours, with shards only in the counts; the outcome of one that has not ended is `open`. */
  lastDay: { outcome: string; runs: number; counts: Counts }[];
};

/** Summarizes the latest runs in the ledger. Each statement uses the index on started_at. */
export async function readRunSummary(pool: Pool): Promise<RunSummary> {
  const success = await pool.query<{ finishedAtSeconds: number }>(LAST_SUCCESS);
  const last = await pool.query<NonNullable<RunSummary['lastRun']>>(LAST_RUN);
  const day = await pool.query<RunSummary['lastDay'][number]>(LAST_DAY);
  return {
    lastSuccessAtSeconds: success.rows[0]?.finishedAtSeconds,
    lastRun: last.rows[0],
    lastDay: day.rows,
  };
}
