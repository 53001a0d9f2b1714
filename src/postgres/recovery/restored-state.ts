import type { Pool } from 'pg';
import { ALIVE_WITHIN } from '../workers/read-workers.ts';

/** A restored database has the reports of workers from before its server was started, which may be seconds old. */
const WORKERS = `
  select greatest(
    (select count(*) from workers
     where stopped_at is null and seen_at > greatest(now() - interval '${ALIVE_WITHIN}', pg_postmaster_start_time())),
    (select count(distinct client_port) from pg_stat_activity
     where datname = current_database() and application_name = 'login-etl worker')
  )::int as workers`;

/** Workers that report to this database now, or have a session with it. */
export const countWorkersOf = async (pool: Pool): Promise<number> =>
  (await pool.query<{ workers: number }>(WORKERS)).rows[0]?.workers ?? 0;

const NEWEST = `
  select greatest(
      (select max(stored_at) from ingest_batches), (select max(inserted_at) from user_logins)
    ) as "newestAt",
    now() as now`;

/** `now` is the time of the server's clock. */
type Newest = { newestAt: Date | null; now: Date };

/** When the newest batch was committed. Reads the whole table. */
export const readNewest = async (pool: Pool): Promise<Newest> =>
  (await pool.query<Newest>(NEWEST)).rows[0] as Newest;

export type MaskSample = { keyId: string; maskedIp: string | null; maskedDeviceId: string | null };

const SAMPLE = `
  select mask_key_id as "keyId", masked_ip as "maskedIp", masked_device_id as "maskedDeviceId"
  from user_logins where mask_key_id = $1 limit $2`;

/** Some rows of every masking key that is in the rows. Reads the whole table. */
export async function readMaskSamples(pool: Pool, rowsPerKey: number): Promise<MaskSample[]> {
  const { rows: keys } = await pool.query<{ id: string }>(
    'select distinct mask_key_id as id from user_logins',
  );
  const samples: MaskSample[] = [];
  for (const { id } of keys) {
    samples.push(...(await pool.query<MaskSample>(SAMPLE, [id, rowsPerKey])).rows);
  }
  return samples;
}
