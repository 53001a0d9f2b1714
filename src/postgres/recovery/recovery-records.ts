import type { Pool } from 'pg';

export type RecordedRecovery = { since: Date; ended: boolean };

/** The recovery that a custodian requested; undefined when there is no such request on record. */
export async function findRecovery(
  pool: Pool,
  requestId: string,
): Promise<RecordedRecovery | undefined> {
  const { rows } = await pool.query<RecordedRecovery>(
    'select since, ended from login_etl_recovery($1)',
    [requestId],
  );
  return rows[0];
}

/** Writes the audit record of the end, once. */
export async function endRecovery(pool: Pool, requestId: string, counts: object): Promise<void> {
  await pool.query('select login_etl_end_recovery($1, $2)', [requestId, JSON.stringify(counts)]);
}

type RecordedBatch = {
  number: number;
  ofRefused: boolean;
  inserted: number;
  quarantined: number;
  /** Null for batches of builds up to 0.3.0. */
  duplicates: number | null;
};

/** What the database has of a run: its batches, and whether its row in the ledger is closed. */
export async function readRecorded(
  pool: Pool,
  runId: string,
): Promise<{ batches: RecordedBatch[]; closed: boolean }> {
  const [batches, run] = await Promise.all([
    pool.query<RecordedBatch>(
      `select batch_number as number, of_refused as "ofRefused", inserted, quarantined, duplicates
       from ingest_batches where run_id = $1`,
      [runId],
    ),
    pool.query<{ closed: boolean }>(
      'select finished_at is not null as closed from ingest_runs where run_id = $1',
      [runId],
    ),
  ]);
  return { batches: batches.rows, closed: run.rows[0]?.closed ?? false };
}

/** Runs since then that the ledger has not closed: their row was written with their first batch. */
export async function readUnclosedRuns(
  pool: Pool,
  since: Date,
  limit: number,
): Promise<{ runId: string; workflowId: string }[]> {
  const { rows } = await pool.query<{ runId: string; workflowId: string }>(
    `select run_id::text as "runId", workflow_id as "workflowId" from ingest_runs
     where finished_at is null and started_at >= $1 order by started_at desc limit $2`,
    [since, limit],
  );
  return rows;
}
