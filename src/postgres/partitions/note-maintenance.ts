import type { Pool, PoolClient } from 'pg';

const NOTE = `
  insert into maintenance (task, detail) values ($1, $2)
  on conflict (task) do update set finished_at = now(), detail = excluded.detail`;

/** Notes that a task of the maintenance has ended, for `status` and the metrics. */
export async function noteMaintenance(
  client: Pool | PoolClient,
  task: 'partitions' | 'retention',
  detail: object,
): Promise<void> {
  await client.query(NOTE, [task, JSON.stringify(detail)]);
}
