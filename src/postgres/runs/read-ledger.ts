import type { Pool } from 'pg';
import type { LedgerRun } from '../../domain/reconciliation.ts';
import { inTransaction } from '../in-transaction.ts';
import { LOGIN_ID_HASH, QUARANTINE_ID_HASH } from '../ingest/id-hash.ts';

/** One snapshot of ledger and tables, also while runs continue. */
const BEGIN = 'begin transaction isolation level repeatable read, read only';

/**
 * Rows are younger than their run. The clocks of Temporal, which dates runs, and Postgres, which dates rows, may differ by
 * up to this interval.
 */
const CLOCKS = `interval '1 hour'`;

/**
 * SQS keeps a message for up to 14 days, and create_date is the day when a message was sent, so older partitions need not
 * be read.
 */
const OLDEST_CREATE_DATE = `(($1::timestamptz - ${CLOCKS}) at time zone 'utc' - interval '14 days')::date`;

/** The most duplicate ids that a finding names. */
const NAMED_DUPLICATES = 5;

/**
 * Local tables and user_logins meet in materialized parts, since Citus joins no others.
 *
 * Every run since then with what the tables hold of it, and what has left quarantine or, with its month, user_logins on the
 * record since. Rows of a run that the ledger does not know come as a run without a workflow. Batches of builds before 0.4
 * have no record.
 */
const READ_RUNS = `
  with
    of_batches as (
      select run_id, batch_number, sum(rows)::int as rows, sum(ids_sum) as ids_sum from (
        select run_id, batch_number, count(*) as rows, sum(${LOGIN_ID_HASH}) as ids_sum from user_logins
        where inserted_at >= $1::timestamptz - ${CLOCKS} and create_date >= ${OLDEST_CREATE_DATE}
        group by run_id, batch_number
        union all
        select run_id, batch_number, retired.rows, ids_sum
        from retired_batches as retired join retired_months using (table_name) join ingest_runs using (run_id)
        where detached_at is not null and started_at >= $1
      ) as stored group by run_id, batch_number
    ),
    logins as (select run_id, sum(rows)::int as rows from of_batches group by run_id),
    sealed as (
      select run_id, count(*)::int as rows, sum(${QUARANTINE_ID_HASH}) as ids_sum
      from (
        select run_id, message_id, quarantined_at from quarantine
        union all
        select run_id, message_id, quarantined_at from quarantine_departures
      ) as was_quarantined
      where quarantined_at >= $1::timestamptz - ${CLOCKS}
      group by run_id
    ),
    stored as (
      select run_id, coalesce(logins.rows, 0) as logins, coalesce(sealed.rows, 0) as sealed,
        coalesce(sealed.ids_sum, 0) as sealed_ids_sum
      from logins full join sealed using (run_id)
    ),
    records as (
      select batches.* from ingest_runs join ingest_batches as batches using (run_id) where started_at >= $1
    ),
    recorded as (
      select run_id, batch_number, sum(inserted)::int as inserted, sum(inserted_ids_sum) as inserted_ids_sum,
        sum(quarantined)::int as quarantined, sum(quarantined_ids_sum) as quarantined_ids_sum
      from records group by run_id, batch_number
    ),
    repeated as materialized (
      select run_id, message_id, create_date
      from records cross join lateral unnest(duplicate_ids, duplicate_dates) as duplicate (message_id, create_date)
    ),
    repeated_logins as materialized (
      select message_id, create_date from user_logins join repeated using (create_date, message_id)
    ),
    lost as (
      select run_id, count(*)::int as messages, (array_agg(message_id))[1:${NAMED_DUPLICATES}] as ids
      from repeated as duplicate
      where not exists (
        select from repeated_logins as login
        where login.create_date = duplicate.create_date and login.message_id = duplicate.message_id
      ) and not exists (select from quarantine where quarantine.message_id = duplicate.message_id)
        and not exists (select from quarantine_departures as gone where gone.message_id = duplicate.message_id)
        and not exists (
          select from retired_months
          where detached_at is not null and month = date_trunc('month', duplicate.create_date)::date
        )
      group by run_id
    ),
    checked as (
      select run_id, count(*) as batches_recorded, sum(quarantined)::int as quarantined,
        sum(quarantined_ids_sum) as quarantined_ids_sum,
        coalesce(
          json_agg(json_build_object('number', batch_number, 'stored', inserted, 'found', coalesce(rows, 0))
            order by batch_number)
            filter (where inserted <> coalesce(rows, 0) or inserted_ids_sum <> coalesce(ids_sum, 0)),
          '[]'
        ) as batches
      from recorded left join of_batches using (run_id, batch_number) group by run_id
    )
  select run_id as "runId", runs.workflow_id as "workflowId", runs.worker_build as "workerBuild",
    runs.started_at as "startedAt", runs.finished_at as "finishedAt", runs.outcome,
    json_build_object('received', received, 'inserted', inserted, 'duplicates', duplicates,
      'quarantined', runs.quarantined, 'acknowledged', acknowledged, 'batches', runs.batches) as counts,
    coalesce(stored.logins, 0) as "rowsInUserLogins",
    coalesce(stored.sealed, 0) as "rowsInQuarantine",
    coalesce(checked.batches, '[]') as "changedBatches",
    coalesce(checked.batches_recorded < runs.batches, false) as "lacksRecords",
    case when checked.quarantined > coalesce(stored.sealed, 0) then checked.quarantined - coalesce(stored.sealed, 0)
      when checked.quarantined = stored.sealed and checked.quarantined_ids_sum <> stored.sealed_ids_sum then 1
      else 0 end as "lostFromQuarantine",
    json_build_object('messages', coalesce(lost.messages, 0), 'ids', coalesce(lost.ids, '{}')) as "lostDuplicates"
  from stored full join ingest_runs as runs using (run_id)
    left join checked using (run_id) left join lost using (run_id)
  where runs.run_id is null or runs.started_at >= $1
  order by runs.started_at nulls first, run_id`;

const IN_BOTH_TABLES = `
  with sealed as materialized (
    select create_date, message_id from quarantine where create_date >= ${OLDEST_CREATE_DATE}
  )
  select count(*)::int as messages from sealed join user_logins using (create_date, message_id)
  where user_logins.create_date >= ${OLDEST_CREATE_DATE}`;

type Ledger = { runs: LedgerRun[]; inBothTables: number };

export async function readLedger(pool: Pool, since: Date): Promise<Ledger> {
  return inTransaction(pool, BEGIN, async (client) => {
    const { rows: runs } = await client.query<LedgerRun>(READ_RUNS, [since]);
    const { rows: both } = await client.query<{ messages: number }>(IN_BOTH_TABLES, [since]);
    return { runs, inBothTables: both[0]?.messages ?? 0 };
  });
}
