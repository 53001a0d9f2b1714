import type { Pool } from 'pg';
import type { ReportedWorker } from '../../domain/rotation/live-workers.ts';

/** A worker reports every 5 s, and may miss two reports before it counts as dead. */
export const ALIVE_WITHIN = '15 seconds';

const READ = `
  select identity, stopped_at is null and seen_at > now() - interval '${ALIVE_WITHIN}' as alive,
    stopped_at is not null as stopped,
    (extract(epoch from coalesce(stopped_at, seen_at)) * 1000)::float8 as "seenAtMs",
    (extract(epoch from now() - coalesce(stopped_at, seen_at)) * 1000)::float8 as "silentMs",
    build, mask_key_id as "maskKeyId", payload_key_ids as "payloadKeyIds"
  from workers where task_queue = $1 order by identity, started_at`;

/** The workers of a task queue that have reported within the last day. */
export async function readReportedWorkers(
  pool: Pool,
  taskQueue: string,
): Promise<ReportedWorker[]> {
  return (await pool.query<ReportedWorker>(READ, [taskQueue])).rows;
}
