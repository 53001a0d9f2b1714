import type { Pool, PoolClient } from 'pg';
import type { RunRecord } from '../../domain/run-record.ts';
import { onTable } from '../on-table.ts';

const CLOSE_RUN = `
  insert into ingest_runs as runs (
    run_id, workflow_id, started_at, worker_build, finished_at, outcome,
    received, inserted, duplicates, quarantined, acknowledged, batches
  )
  values ($1, $2, to_timestamp($3 / 1000.0), $4, to_timestamp($5 / 1000.0), $6, $7, $8, $9, $10, $11, $12)
  on conflict (run_id) do update set
    finished_at = excluded.finished_at, outcome = excluded.outcome, worker_build = excluded.worker_build,
    received = excluded.received, inserted = excluded.inserted, duplicates = excluded.duplicates,
    quarantined = excluded.quarantined, acknowledged = excluded.acknowledged, batches = excluded.batches`;

/** Closes a run in the ledger with the counts of its history. Idempotent. */
export async function closeRun(
  pool: Pool | PoolClient,
  run: RunRecord,
  workerBuild: string,
): Promise<void> {
  const { counts } = run;
  const values = [
    ...[run.runId, run.workflowId, run.startedAtMs, workerBuild, run.finishedAtMs, run.outcome],
    ...[counts.received, counts.inserted, counts.duplicates, counts.quarantined],
    ...[counts.acknowledged, counts.batches],
  ];
  await onTable('ingest_runs', pool.query(CLOSE_RUN, values));
}
