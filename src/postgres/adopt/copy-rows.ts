import type { Pool, PoolClient } from 'pg';
import { TABLE_COLUMNS } from '../../domain/login/login-columns.ts';
import { ADOPTED_ID } from '../../domain/login/masking.ts';
import { loginIdHash } from '../ingest/id-hash.ts';
import { IN_RANGE, MESSAGE_ID, reasonsOf, VERSION_HASH } from './old-rows.ts';
import type { OldTable } from './old-table.ts';
import { inStaging } from './staging.ts';

/** Of the ledger: rows that no run stored. */
export const ADOPTION_RUN_ID = '00000000-0000-0000-0000-000000000000';

/** 4 MB, some 20,000 rows: a transaction of a fraction of a second. */
export const PAGES_PER_BATCH = 512;

type Range = { number: number; firstPage: number; endPage: number };
type Recorded = Range & { oldRows: string; oldSum: string };
type Copied = Pick<Recorded, 'oldRows' | 'oldSum'> & {
  kept: string;
  idsSum: string;
  /** Months without a partition that rows of the range are in. */
  strays: string[] | null;
};

const COLUMNS = TABLE_COLUMNS.map(({ column }) => column);
const VALUES = COLUMNS.slice(0, 7).map((_, at) => `login_etl_${at}`);

/** One statement, so one snapshot. Repeated, it adds what is missing. */
const copyRange = (old: OldTable) => {
  const extra = old.extra.map(({ name }) => `, ${name}`).join('');
  const oldColumns = old.columns.join(', ');
  return `
  with source as materialized (
    select o.*, ${old.values.map((value, at) => `${value} as login_etl_${at}`).join(', ')},
      ${MESSAGE_ID} as message_id, ${VERSION_HASH} as login_etl_version, ${reasonsOf(old)} as login_etl_reasons
    from ${old.name} o where ${IN_RANGE}
  ),
  kept as (
    insert into user_logins (${COLUMNS.join(', ')}${extra})
    select ${VALUES.join(', ')}, message_id, '${ADOPTED_ID}', login_etl_6::timestamp at time zone 'utc',
      login_etl_6::timestamp at time zone 'utc', '${ADOPTION_RUN_ID}', $3::integer${extra}
    from source where login_etl_reasons = '{}'
    on conflict do nothing returning create_date, tableoid
  ),
  aside as (
    insert into user_logins_set_aside (${oldColumns}, login_etl_message_id, login_etl_reasons, login_etl_range)
    select ${oldColumns}, message_id, login_etl_reasons, $3::integer from source where login_etl_reasons <> '{}'
    on conflict do nothing
  )
  select count(*)::text as "oldRows", coalesce(sum(login_etl_version), 0)::text as "oldSum",
    count(*) filter (where login_etl_reasons = '{}')::text as kept,
    coalesce(sum(${loginIdHash('login_etl_6')}) filter (where login_etl_reasons = '{}'), 0)::text as "idsSum",
    (
      select array_agg(distinct date_trunc('month', create_date)::date::text) from kept
      where tableoid = 'user_logins_default'::regclass
    ) as strays
  from source`;
};

const RECORD = `
  insert into adoption_ranges (number, first_page, end_page, old_rows, old_sum, kept, ids_sum)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (number) do update set old_rows = excluded.old_rows, old_sum = excluded.old_sum, kept = excluded.kept,
    ids_sum = excluded.ids_sum`;

/** Copies of rows that were deleted or changed since: $3 is the range's number. */
const removeGone = (old: OldTable) => {
  const present = `select ${MESSAGE_ID} from ${old.name} o where ${IN_RANGE}`;
  return `
  with gone as (
    delete from user_logins where batch_number = $3::integer and message_id not in (${present})
  )
  delete from user_logins_set_aside where login_etl_range = $3::integer and login_etl_message_id not in (${present})`;
};

class MonthsMissing extends Error {
  readonly months: readonly string[];
  constructor(months: readonly string[]) {
    super('rows of a month without a partition');
    this.months = months;
  }
}

async function copy(client: PoolClient, old: OldTable, range: Range): Promise<void> {
  const { number, firstPage, endPage } = range;
  const place = [firstPage, endPage, number];
  const { rows } = await client.query<Copied>(copyRange(old), place);
  const [copied] = rows;
  if (!copied) throw new Error('a count gave no row');
  if (copied.strays) throw new MonthsMissing(copied.strays);
  const { oldRows, oldSum, kept, idsSum } = copied;
  await client.query(RECORD, [number, firstPage, endPage, oldRows, oldSum, kept, idsSum]);
}

/** Acts in a transaction again when a row's month had no partition. */
export async function withMonths<T>(
  pool: Pool,
  old: OldTable,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await inStaging(pool, old, act);
    } catch (error) {
      if (!(error instanceof MonthsMissing)) throw error;
      await makePartitions(pool, old, error.months);
    }
  }
}

export const makePartitions = (pool: Pool, old: OldTable, months: readonly string[]) =>
  inStaging(pool, old, async (client) => {
    const { rows } = await client.query<{ owner: string }>(
      `select quote_ident(pg_get_userbyid(relowner)) as owner from pg_class where oid = 'user_logins'::regclass`,
    );
    await client.query(`set local role ${rows[0]?.owner}`);
    for (const month of months) {
      await client.query('select login_etl_make_partitions($1::date, $1::date)', [month]);
    }
  });

const NEXT = `
  select coalesce(max(number), 0)::int + 1 as number, coalesce(max(end_page), 0)::float8 as "firstPage",
    (pg_relation_size($1::oid) / current_setting('block_size')::int)::float8 as pages
  from adoption_ranges`;

/** Copies the next pages. @returns where it is; undefined when there are no more */
export async function copyNext(
  client: PoolClient,
  old: OldTable,
  pagesPerBatch: number,
): Promise<{ page: number; pages: number } | undefined> {
  // Serializes concurrent adoptions.
  await client.query('lock table adoption in share row exclusive mode');
  const { rows } = await client.query<Omit<Range, 'endPage'> & { pages: number }>(NEXT, [old.oid]);
  const [next] = rows;
  if (!next || next.firstPage >= next.pages) return undefined;
  const endPage = next.firstPage + pagesPerBatch;
  await copy(client, old, { ...next, endPage });
  return { page: Math.min(endPage, next.pages), pages: next.pages };
}

export const readRanges = async (client: PoolClient): Promise<Recorded[]> =>
  (
    await client.query<Recorded>(`
      select number, first_page::float8 as "firstPage", end_page::float8 as "endPage", old_rows::text as "oldRows",
        old_sum::text as "oldSum" from adoption_ranges order by number`)
  ).rows;

/** Makes the copy of a range equal to the range again. @returns whether it was not */
export async function syncRange(
  client: PoolClient,
  old: OldTable,
  range: Recorded,
): Promise<boolean> {
  const { firstPage, endPage, number, oldRows, oldSum } = range;
  const { rows } = await client.query<Pick<Recorded, 'oldRows' | 'oldSum'>>(
    `select count(*)::text as "oldRows", coalesce(sum(${VERSION_HASH}), 0)::text as "oldSum"
     from ${old.name} o where ${IN_RANGE}`,
    [firstPage, endPage],
  );
  if (rows[0]?.oldRows === oldRows && rows[0].oldSum === oldSum) return false;
  await copy(client, old, range);
  await client.query(removeGone(old), [firstPage, endPage, number]);
  return true;
}

/** Whether the ranges have every row version of the old table and no other. */
export async function isComplete(client: PoolClient, old: OldTable): Promise<boolean> {
  const { rows } = await client.query<{ same: boolean }>(`
    select (select (count(*), coalesce(sum(${VERSION_HASH}), 0)) from ${old.name} o)
      = (select (coalesce(sum(old_rows), 0)::bigint, coalesce(sum(old_sum), 0)) from adoption_ranges) as same`);
  return rows[0]?.same ?? false;
}

/** Writes the ledger's records: one for the adoption, and one for each range. */
export const RECORD_IN_LEDGER = `
  with day as (select coalesce(min(create_date), current_date)::timestamp at time zone 'utc' as first from user_logins)
  insert into ingest_runs (run_id, workflow_id, worker_build, started_at, finished_at, outcome,
    received, inserted, duplicates, quarantined, acknowledged, batches)
  select '${ADOPTION_RUN_ID}', 'migrate --adopt', 'none', first, first, 'completed',
    ranges.kept, ranges.kept, 0, 0, ranges.kept, ranges.number
  from day, (select coalesce(sum(kept), 0) as kept, count(*) as number from adoption_ranges) as ranges;
  insert into ingest_batches (run_id, batch_number, of_refused, inserted, inserted_ids_sum, quarantined,
    quarantined_ids_sum, duplicate_ids, duplicate_dates)
  select '${ADOPTION_RUN_ID}', number, false, kept, ids_sum, 0, 0, '{}', '{}' from adoption_ranges`;
