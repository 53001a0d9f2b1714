import type { Pool } from 'pg';

/** The masking keys of all rows, from the sums; also those that rows have without a key. */
export async function maskKeysInUse(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select distinct value as id from login_days where dimension = 'mask_key_id' order by 1`,
  );
  return rows.map(({ id }) => id);
}
