import type { Pool } from 'pg';

export type PayloadKeyUse = { keyId: string; firstUsedAt: Date; lastUsedAt: Date };

/** A key's time is at most this old while it is in use. */
const PRECISION = '1 minute';

/** In the order of the ids, so that two workers do not wait for each other's rows. */
const RECORD = `
  insert into payload_key_uses as uses (key_id) select id from unnest($1::text[]) as id order by id
  on conflict (key_id) do update set last_used_at = now()
  where uses.last_used_at < now() - interval '${PRECISION}'`;

const READ = `
  select key_id as "keyId", first_used_at as "firstUsedAt", last_used_at + interval '${PRECISION}' as "lastUsedAt"
  from payload_key_uses order by key_id`;

/** Records that these keys encrypted or decrypted something now. */
export async function recordKeyUse(pool: Pool, keyIds: readonly string[]): Promise<void> {
  await pool.query(RECORD, [keyIds]);
}

export const readKeyUses = async (pool: Pool): Promise<PayloadKeyUse[]> =>
  (await pool.query<PayloadKeyUse>(READ)).rows;
