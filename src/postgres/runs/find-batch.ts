import type { Pool } from 'pg';
import type { CommittedBatch } from '../../batch/batch.ts';

const COUNT = `
  select count(*)::int as records from ingest_batches
  where run_id = $1 and batch_number = $2 and of_refused = any($3)`;

/**
 * Whether this database has the record of a batch, which was committed with its rows. A database that was restored to an
 * earlier time lacks it, however it was restored: from files, from a dump, or by promoting a replica that had fallen behind.
 */
export async function hasBatch(
  pool: Pool,
  { runId, number, ofRefused }: CommittedBatch,
): Promise<boolean> {
  const inserts = ofRefused ? [false, true] : [false];
  const { rows } = await pool.query<{ records: number }>(COUNT, [runId, number, inserts]);
  return rows[0]?.records === inserts.length;
}
