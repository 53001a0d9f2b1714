import type { Pool } from 'pg';
import { changeSchema } from '../change-schema.ts';

/** Months from last month, for what is still on the queue, to a year ahead, that have no partition. */
export const MONTHS_WITHOUT_PARTITION = `
  select month::date::text from generate_series(
    date_trunc('month', now() at time zone 'utc' - interval '1 month'),
    date_trunc('month', now() at time zone 'utc' + interval '12 months'), interval '1 month'
  ) as month
  where to_regclass('user_logins_' || to_char(month, 'YYYY_MM')) is null`;

const MAKE_MONTH = 'select login_etl_make_month($1::date) as made';

/** @returns how many were made, and the months that still have none: their rows must be moved first */
export async function makeMonths(pool: Pool): Promise<{ made: number; missing: string[] }> {
  const { rows: months } = await pool.query<{ month: string }>(MONTHS_WITHOUT_PARTITION);
  const missing: string[] = [];
  for (const { month } of months) {
    const { rows } = await changeSchema(pool, (client) =>
      client.query<{ made: boolean }>(MAKE_MONTH, [month]),
    );
    if (!rows[0]?.made) missing.push(month.slice(0, 7));
  }
  return { made: months.length - missing.length, missing };
}
