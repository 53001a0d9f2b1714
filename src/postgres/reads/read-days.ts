import type { Pool, PoolClient } from 'pg';
import type { DayRange } from './login-filter.ts';

export type Dimension = 'all' | 'device_type' | 'app_version' | 'locale';

/** `value` is null for all logins together, and for logins without a locale. */
export type DayCount = { day: string; value: string | null; logins: number; users: number };

/** Logins and their accounts per day, by value, from the sums. */
export async function readDays(
  db: Pool | PoolClient,
  { from, to }: DayRange,
  dimension: Dimension,
): Promise<DayCount[]> {
  const { rows } = await db.query<DayCount>(
    `select day::text as day, value, logins::float8 as logins, users::float8 as users from login_days
     where day between $1::date and $2::date and dimension = $3 order by login_days.day, value nulls last`,
    [from, to, dimension],
  );
  return rows;
}

/** As many hashes as a sketch keeps. */
const SKETCH_SIZE = 1_024;
/** Of a count that is not exact. */
export const STANDARD_ERROR = 0.031;

type DistinctCount = { value: number; exact: boolean };
type DistinctCounts = Record<'users' | 'devices' | 'ips', DistinctCount>;

const SMALLEST = `
  select kind, count(*)::int as kept, max(hash)::float8 as largest from (
    select kind, hash, row_number() over (partition by kind order by hash) as place from (
      select distinct kind, hash from login_sketches, unnest(hashes) as hash
      where day between $1::date and $2::date
    ) as all_hashes
  ) as placed where place <= ${SKETCH_SIZE} group by kind`;

/**
 * How many distinct values the days have together. The hashes spread evenly over 64 bits, so the largest of the smallest
 * ones tells how close together all of them are.
 */
export async function readDistinct(
  db: Pool | PoolClient,
  { from, to }: DayRange,
): Promise<DistinctCounts> {
  const { rows } = await db.query<{ kind: keyof DistinctCounts; kept: number; largest: number }>(
    SMALLEST,
    [from, to],
  );
  const none = { value: 0, exact: true };
  const counts: DistinctCounts = { users: none, devices: none, ips: none };
  for (const { kind, kept, largest } of rows) {
    const exact = kept < SKETCH_SIZE;
    const share = (largest + 2 ** 63) / 2 ** 64;
    counts[kind] = { value: exact ? kept : Math.round((SKETCH_SIZE - 1) / share), exact };
  }
  return counts;
}
