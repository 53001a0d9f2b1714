import type { Pool } from 'pg';
import { inTransaction } from '../in-transaction.ts';

/** A value and the number of logins with it. `value` is null for logins without a value. */
type Tally = { value: string | null; logins: number };

/** The most frequent values, and the number of logins with other values. */
export type Ranking = { top: Tally[]; others: number };

/** A masked value that several accounts share. */
export type Shared = { value: string; maskKeyId: string; accounts: number; logins: number };

export type Stats = {
  since: string;
  logins: number;
  accounts: number;
  /** A value masked with one key cannot be recognised among those of another. */
  maskKeyIds: string[];
  days: Tally[];
  deviceTypes: Ranking;
  locales: Ranking;
  appVersions: Ranking;
  sharedDevices: Shared[];
  sharedAddresses: Shared[];
};

/** One snapshot for all numbers, also during ingestion. */
const BEGIN = 'begin transaction isolation level repeatable read, read only';

const SINCE = `create_date >= $1::date`;

const TOTAL = `
  select count(*)::float8 as logins, count(distinct user_id)::float8 as accounts,
    coalesce(array_agg(distinct mask_key_id::text), '{}') as "maskKeyIds"
  from user_logins where ${SINCE}`;

/** Days without logins count as 0, so that gaps are visible. */
const DAYS = `
  select day::date::text as value, coalesce(logins, 0)::float8 as logins
  from generate_series($1::date, (now() at time zone 'utc')::date, interval '1 day') as day
  left join (
    select create_date, count(*) as logins from user_logins where ${SINCE} group by create_date
  ) as counted on create_date = day::date
  order by day`;

const ranking = (column: 'device_type' | 'locale' | 'app_version') => `
  select ${column} as value, count(*)::float8 as logins
  from user_logins where ${SINCE} group by ${column}
  order by count(*) desc, ${column} limit $2`;

const shared = (column: 'masked_device_id' | 'masked_ip') => `
  select ${column} as value, mask_key_id as "maskKeyId", count(distinct user_id)::float8 as accounts,
    count(*)::float8 as logins
  from user_logins where ${SINCE} group by ${column}, mask_key_id
  having count(distinct user_id) > 1
  order by count(distinct user_id) desc, count(*) desc, ${column} limit $2`;

type Options = {
  /** A date, UTC. */
  since: string;
  top: number;
  /** Called after each query. */
  onQuery?: (queries: number) => void;
};

/** For a progress bar. */
export const STATS_QUERIES = 7;

/** What the logins since then have in common. Reads all of their rows: needs `select` on user_logins only. */
export async function readStats(
  pool: Pool,
  { since, top, onQuery = () => undefined }: Options,
): Promise<Stats> {
  return inTransaction(pool, BEGIN, async (client) => {
    let queries = 0;
    async function rows<T extends object>(sql: string, ...more: number[]): Promise<T[]> {
      const result = await client.query<T>(sql, [since, ...more]);
      queries += 1;
      onQuery(queries);
      return result.rows;
    }
    const [total] = await rows<Pick<Stats, 'logins' | 'accounts' | 'maskKeyIds'>>(TOTAL);
    const { logins, accounts, maskKeyIds } = total ?? { logins: 0, accounts: 0, maskKeyIds: [] };
    const rank = async (column: Parameters<typeof ranking>[0]): Promise<Ranking> => {
      const found = await rows<Tally>(ranking(column), top);
      return { top: found, others: found.reduce((left, each) => left - each.logins, logins) };
    };
    return {
      since,
      logins,
      accounts,
      maskKeyIds,
      days: await rows<Tally>(DAYS),
      deviceTypes: await rank('device_type'),
      locales: await rank('locale'),
      appVersions: await rank('app_version'),
      sharedDevices: await rows<Shared>(shared('masked_device_id'), top),
      sharedAddresses: await rows<Shared>(shared('masked_ip'), top),
    };
  });
}
