import type { Pool } from 'pg';

type Wanted = {
  /** Only those that wait for this table. */
  table?: string;
  lockType?: 'relation' | 'advisory';
};

/**
 * Counts the sessions of a pool's database that wait for a lock. Without the database, `pg_locks` would also count those
 * of other test files: copies of the template have the same table ids.
 */
export async function waitingSessions(
  pool: Pool,
  { table, lockType }: Wanted = {},
): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(distinct pid)::int as waiting from pg_locks join pg_stat_activity using (pid)
     where datname = current_database() and not granted
       and ($1::text is null or relation = to_regclass($1)) and ($2::text is null or locktype = $2)`,
    [table ?? null, lockType ?? null],
  );
  return rows[0]?.waiting ?? 0;
}
