import type { Pool } from 'pg';
import type { BatchTag } from '../../batch/batch.ts';

const COUNT = 'select login_etl_refused_in_a_row($1, $2, $3) as messages';

/** Messages that batches before this one had refused for this reason, since one of them last stored a row. */
export async function refusedInARow(
  pool: Pool,
  reason: string,
  { runId, number }: BatchTag,
): Promise<number> {
  const { rows } = await pool.query<{ messages: number }>(COUNT, [reason, runId, number]);
  return rows[0]?.messages ?? 0;
}
