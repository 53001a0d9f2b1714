import type { Pool } from 'pg';

export type MaskKeyUse = { keyId: string; rows: number; firstDate: string; lastAt: Date };

/** No index has the key, so only these days are read instead of the whole table. */
export const MASK_KEY_DAYS = 31;

const USE = `
  select mask_key_id as "keyId", count(*)::float8 as rows, min(create_date)::text as "firstDate",
    max(inserted_at) as "lastAt"
  from user_logins
  where create_date > (now() at time zone 'utc')::date - $1::integer
  group by mask_key_id order by max(inserted_at) desc`;

/** The masking keys in the rows of the last month, the latest first. */
export async function readMaskKeys(pool: Pool): Promise<MaskKeyUse[]> {
  return (await pool.query<MaskKeyUse>(USE, [MASK_KEY_DAYS])).rows;
}
