import type { Pool } from 'pg';
import { ALIVE_WITHIN } from './read-workers.ts';

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

const MISSING = `
  select key_id as "keyId" from payload_key_uses
  where last_used_at > now() - make_interval(days => $2) and key_id <> all($1::text[]) order by key_id`;

const HELD = `
  select coalesce(array_agg(distinct id), '{}') as ids from workers cross join unnest(payload_key_ids) as id
  where stopped_at is null and seen_at > now() - interval '${ALIVE_WITHIN}'`;

/** The keys used within these days that are not held; by default: that no live worker holds. */
export async function readMissingKeys(
  pool: Pool,
  days: number,
  held?: readonly string[],
): Promise<string[]> {
  const holding = held ?? (await pool.query<{ ids: string[] }>(HELD)).rows[0]?.ids ?? [];
  if (holding.length === 0) return [];
  const { rows } = await pool.query<{ keyId: string }>(MISSING, [holding, days]);
  return rows.map(({ keyId }) => keyId);
}

/** Records that these keys encrypted or decrypted something now. */
export async function recordKeyUse(pool: Pool, keyIds: readonly string[]): Promise<void> {
  await pool.query(RECORD, [keyIds]);
}

export const readKeyUses = async (pool: Pool): Promise<PayloadKeyUse[]> =>
  (await pool.query<PayloadKeyUse>(READ)).rows;
