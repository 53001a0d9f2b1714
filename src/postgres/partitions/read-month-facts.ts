import type { Pool } from 'pg';
import type { Month } from '../../domain/tables/days.ts';
import type { Backup, MonthFacts } from '../../domain/tables/retention.ts';
import { ADOPTION_RUN_ID } from '../adopt/copy-rows.ts';
import { LOGIN_ID_HASH } from '../ingest/id-hash.ts';

const BACKUPS = `select label, started_at as "startedAt" from backups order by started_at desc limit 100`;

export const readBackups = async (pool: Pool): Promise<Backup[]> =>
  (await pool.query<Backup>(BACKUPS)).rows;

/**
 * Compares what the batches of a month stored with the rows that are there, and with those that left with earlier months. A
 * batch may have rows of several months: its message ids add up over all of them. A batch may have waited for a while
 * before it was stored, so the months around are read, too.
 */
const ADDS_UP = `
  with bounds as (select $1::date as first, ($1::date + interval '1 month')::date as next),
  found as (
    select run_id, batch_number, count(*) as rows, sum(${LOGIN_ID_HASH}) as ids_sum
    from user_logins, bounds
    where create_date >= first - interval '2 months' and create_date < next + interval '2 months'
    group by run_id, batch_number
    union all
    select run_id, batch_number, retired_batches.rows, ids_sum from retired_batches join retired_months using (table_name), bounds
    where detached_at is not null and month >= first - interval '3 months'
  ),
  total as (select run_id, batch_number, sum(rows) as rows, sum(ids_sum) as ids_sum from found group by run_id, batch_number),
  stored as (
    select run_id, batch_number, sum(inserted) as rows, sum(inserted_ids_sum) as ids_sum
    from ingest_batches, bounds
    where stored_at >= first and stored_at < next + interval '15 days' and run_id <> '${ADOPTION_RUN_ID}'
    group by run_id, batch_number
  )
  select (
      select count(*)::int from stored left join total using (run_id, batch_number)
      where stored.rows <> coalesce(total.rows, 0) or stored.ids_sum <> coalesce(total.ids_sum, 0)
    ) as "changedBatches",
    (
      select count(*)::int from (select distinct run_id from found) as of_rows
      where not exists (select from ingest_runs where ingest_runs.run_id = of_rows.run_id)
    ) as "unknownRuns",
    (select last_inserted_at from retired_months where month = $1 and detached_at is null) as "lastInsertedAt",
    (select max(at) from audit_log where action in ('rotation.begin', 'rotation.end')) as "lastRemaskedAt"`;

/** @param month prepared by `login_etl_prepare_month` */
export async function readMonthFacts(
  pool: Pool,
  month: Month,
): Promise<Omit<MonthFacts, 'openRuns'>> {
  const { rows } = await pool.query<Omit<MonthFacts, 'openRuns'>>(ADDS_UP, [`${month}-01`]);
  return rows[0] as Omit<MonthFacts, 'openRuns'>;
}
