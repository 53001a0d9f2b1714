import type { Pool } from 'pg';

/** By create_date: its partition and its part of the key are read, and nothing else. */
const TODAY = `
  select count(*)::float8 as rows from user_logins
  where create_date = (now() at time zone 'utc')::date`;

/** Rows of the logins of today, UTC. */
export async function countRowsOfToday(pool: Pool): Promise<number> {
  return (await pool.query<{ rows: number }>(TODAY)).rows[0]?.rows ?? 0;
}
