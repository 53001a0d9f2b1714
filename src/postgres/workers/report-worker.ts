import type { Pool } from 'pg';

export type WorkerReport = {
  workerId: string;
  /** Process and host, as Temporal shows the worker. */
  identity: string;
  taskQueue: string;
  build: string;
  maskKeyId: string;
  /** The active key comes first. */
  payloadKeyIds: readonly string[];
};

const REPORT = `
  insert into workers (worker_id, identity, task_queue, build, mask_key_id, payload_key_ids)
  values ($1, $2, $3, $4, $5, $6) on conflict (worker_id) do update set seen_at = now()`;

const STOPPED = 'update workers set stopped_at = now() where worker_id = $1';

/** Rows of stopped workers stay for a day, so that their last polls are not attributed to another worker. */
const REMOVE_OLD = `delete from workers where seen_at < now() - interval '1 day'`;

/** Records that the worker is alive. The first report inserts its row. */
export async function reportWorker(pool: Pool, worker: WorkerReport): Promise<void> {
  const { workerId, identity, taskQueue, build, maskKeyId, payloadKeyIds } = worker;
  await pool.query(REPORT, [workerId, identity, taskQueue, build, maskKeyId, payloadKeyIds]);
}

export async function reportStopped(pool: Pool, workerId: string): Promise<void> {
  await pool.query(STOPPED, [workerId]);
}

export async function removeOldReports(pool: Pool): Promise<void> {
  await pool.query(REMOVE_OLD);
}
