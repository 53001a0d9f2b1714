import type { Pool } from 'pg';

/** Drops the partition of this month, as if nobody had made it in time: its rows go to the default partition. */
export async function withoutPartition(pool: Pool, month: string): Promise<void> {
  await pool.query(`drop table if exists user_logins_${month.replace('-', '_')}`);
}

/** `YYYY-MM` of a day, and the month's rows by partition. */
export async function partitionsOf(pool: Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ name: string; rows: number }>(
    `select tableoid::regclass::text as name, count(*)::int as rows from user_logins group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}
