import type { Pool } from 'pg';

/** For runs that are open while workers are replaced by ones that bind payloads. Long enough for a slow roll-out. */
const HOURS = 24;

const READ = `
  select extract(epoch from applied_at + make_interval(hours => ${HOURS}))::float8 * 1000 as until
  from login_etl_migrations where name like '%\\_bound\\_payloads.sql'`;

/**
 * Until when steps with payloads of builds before 0.4 are done, in milliseconds since 1970: a day from the migration that came
 * with bound payloads, for every worker alike. A database that was new then has no such payloads.
 */
export async function unboundUntil(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ until: number }>(READ);
  return rows[0]?.until ?? 0;
}
