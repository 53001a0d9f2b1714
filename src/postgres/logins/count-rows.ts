import type { Pool } from 'pg';

/** By create_date: its partition and its part of the key are read, and nothing else. */
const TODAY = `
  select count(*)::float8 as rows from user_logins
  where create_date = (now() at time zone 'utc')::date`;

/** Rows of the logins of today, UTC. */
export async function countRowsOfToday(pool: Pool): Promise<number> {
  return (await pool.query<{ rows: number }>(TODAY)).rows[0]?.rows ?? 0;
}

/** Logins of one account. No index has the account: this reads the table. */
export async function countLoginsOf(pool: Pool, userId: string): Promise<number> {
  const { rows } = await pool.query<{ logins: string }>(
    'select count(*) as logins from user_logins where user_id = $1',
    [userId],
  );
  return Number(rows[0]?.logins ?? 0);
}
