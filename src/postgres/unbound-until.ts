import type { Pool } from 'pg';

/** Covers runs that are open while workers are upgraded to builds that bind payloads, even in a slow roll-out. */
const HOURS = 24;

const READ = `
  select extract(epoch from applied_at + make_interval(hours => ${HOURS}))::float8 * 1000 as until
  from login_etl_migrations where name like '%\\_bound\\_payloads.sql'`;

/**
 * Returns until when payloads of builds before 0.4 are accepted, in milliseconds since 1970: for all workers, a day after
 * the migration that introduced bound payloads. A database that was new at that time has no such payloads.
 */
export async function unboundUntil(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ until: number }>(READ);
  return rows[0]?.until ?? 0;
}
