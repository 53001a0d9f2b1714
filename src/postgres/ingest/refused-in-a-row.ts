import type { Pool } from 'pg';

/** Rows that batches were refused, this one included, since one of them last stored a row. */
export async function refusedInARow(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ refused: number }>(
    'select login_etl_refused_in_a_row() as refused',
  );
  return rows[0]?.refused ?? 0;
}
