import type { Pool } from 'pg';
import type { LedgerRun } from '../../domain/reconciliation.ts';
import { inTransaction } from '../in-transaction.ts';

/** Rows of the ledger and of the tables are from one moment, also while runs go on. */
const BEGIN = 'begin transaction isolation level repeatable read, read only';

/**
 * A run's rows are younger than the run; the clocks of Temporal, which dates runs, and of Postgres, which dates
 * rows, may differ by so much.
 */
const CLOCKS = `interval '1 hour'`;

/**
 * SQS keeps a message for 14 days at most, and a row's create_date is the day its message was sent: so the
 * partitions of months before need not be read.
 */
const OLDEST_CREATE_DATE = `(($1::timestamptz - ${CLOCKS}) at time zone 'utc' - interval '14 days')::date`;

/**
 * Every run since then with what the tables hold of it, and what has left quarantine on the record since. Rows of a
 * run that the ledger does not know come as a run without a workflow.
 */
const READ_RUNS = `
  with
    logins as (
      select run_id, count(*)::int as rows from user_logins
      where inserted_at >= $1::timestamptz - ${CLOCKS} and create_date >= ${OLDEST_CREATE_DATE}
      group by run_id
    ),
    sealed as (
      select run_id, count(*)::int as rows
      from (
        select run_id, quarantined_at from quarantine
        union all
        select run_id, quarantined_at from quarantine_departures
      ) as was_quarantined
      where quarantined_at >= $1::timestamptz - ${CLOCKS}
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
  join user_logins using (create_date, message_id)
  where quarantine.create_date >= ${OLDEST_CREATE_DATE}
    and user_logins.create_date >= ${OLDEST_CREATE_DATE}`;

export type Ledger = { runs: LedgerRun[]; inBothTables: number };

export async function readLedger(pool: Pool, since: Date): Promise<Ledger> {
  return inTransaction(pool, BEGIN, async (client) => {
    const { rows: runs } = await client.query<LedgerRun>(READ_RUNS, [since]);
    const { rows: both } = await client.query<{ messages: number }>(IN_BOTH_TABLES, [since]);
    return { runs, inBothTables: both[0]?.messages ?? 0 };
  });
}
