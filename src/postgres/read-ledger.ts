import type { Pool } from 'pg';
import type { LedgerRun } from '../domain/reconcile.ts';

/**
 * Every run since then with what the tables hold of it. Rows of a run that the ledger does not know come
 * as a run without a workflow.
 */
const READ_RUNS = `
  with
    logins as (
      select run_id, count(*)::int as rows from user_logins where inserted_at >= $1 group by run_id
    ),
    sealed as (
      select run_id, count(*)::int as rows from quarantine where quarantined_at >= $1
      group by run_id
    ),
    stored as (
      select run_id, coalesce(logins.rows, 0) as logins, coalesce(sealed.rows, 0) as sealed
      from logins full join sealed using (run_id)
    )
  select run_id as "runId", runs.workflow_id as "workflowId", runs.worker_build as "workerBuild",
    runs.started_at as "startedAt", runs.finished_at as "finishedAt", runs.outcome,
    json_build_object('received', received, 'inserted', inserted, 'duplicates', duplicates,
      'quarantined', quarantined, 'acknowledged', acknowledged, 'batches', batches) as counts,
    coalesce(stored.logins, 0) as "rowsInUserLogins",
    coalesce(stored.sealed, 0) as "rowsInQuarantine"
  from stored full join ingest_runs as runs using (run_id)
  where runs.run_id is null or runs.started_at >= $1
  order by runs.started_at nulls first, run_id`;

const IN_BOTH_TABLES = `
  select count(*)::int as messages from quarantine
  join user_logins using (create_date, message_id) where quarantine.quarantined_at >= $1`;

export async function readLedger(
  pool: Pool,
  since: Date,
): Promise<{ runs: LedgerRun[]; inBothTables: number }> {
  const { rows: runs } = await pool.query<LedgerRun>(READ_RUNS, [since]);
  const { rows: both } = await pool.query<{ messages: number }>(IN_BOTH_TABLES, [since]);
  return { runs, inBothTables: both[0]?.messages ?? 0 };
}
