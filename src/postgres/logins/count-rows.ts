import type { Pool } from 'pg';

/** Reads only the day's part of the primary key. */
const TODAY = `
  select count(*)::float8 as rows from user_logins
  where create_date = (now() at time zone 'utc')::date`;

/** Counts the logins of the current UTC day. */
export async function countRowsOfToday(pool: Pool): Promise<number> {
  return (await pool.query<{ rows: number }>(TODAY)).rows[0]?.rows ?? 0;
}

/** Counts the logins of an account. */
export async function countLoginsOf(pool: Pool, userId: string): Promise<number> {
  const { rows } = await pool.query<{ logins: string }>(
    'select count(*) as logins from user_logins where user_id = $1',
    [userId],
  );
  return Number(rows[0]?.logins ?? 0);
}
