import type { Pool, PoolClient } from 'pg';
import type {
  OriginalPlace,
  SetAsideRequest,
  SetAsideResult,
} from '../../domain/rotation/rotation.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { type RotationStep, requireRotation } from './require-rotation.ts';
import { LOCK_VAULT } from './vault-lock.ts';

/** Originals read per row of a step, so that a step makes progress where few have an old key. */
const LOOK_AHEAD = 5;

const START: OriginalPlace = { maskedHex: '', field: 'device_id' };

const AFTER = `(masked_value, field) > ($1::bytea, $2::text)`;

const LAST_OF_STEP = `
  select encode(masked_value, 'hex') as "maskedHex", field from vault
  where ${AFTER} order by masked_value, field offset $3 limit 1`;

const SET_ASIDE = `
  with moved as (
    delete from vault where ${AFTER} and ($3::bytea is null or (masked_value, field) <= ($3, $4::text))
      and mask_key_id <> $5
    returning *
  )
  insert into vault_set_aside select * from moved on conflict (masked_value, field) do nothing`;

/** Sets aside the next originals of old keys, in the order of the primary key. Reads a limited number of originals. */
export async function setOriginalsAside(
  pool: Pool,
  { after = START, rows }: SetAsideRequest,
  rotation: RotationStep,
): Promise<SetAsideResult> {
  const from = [Buffer.from(after.maskedHex, 'hex'), after.field];
  return boundedTransaction(pool, LOCK_VAULT, async (client) => {
    await requireRotation(client, rotation);
    const { rows: last } = await client.query<OriginalPlace>(LAST_OF_STEP, [
      ...from,
      rows * LOOK_AHEAD - 1,
    ]);
    const next = last[0];
    const end = next ? [Buffer.from(next.maskedHex, 'hex'), next.field] : [null, null];
    const { rowCount } = await client.query(SET_ASIDE, [...from, ...end, rotation.keyId]);
    return { setAside: rowCount ?? 0, ...(next && { next }) };
  });
}

const PUT_BACK = `
  with back as (delete from vault_set_aside returning *)
  insert into vault select * from back on conflict (masked_value, field) do nothing`;

/** Returns to the vault what an interrupted rotation or retention left set aside. For a transaction with the lock. */
export const putBackSetAside = async (client: PoolClient): Promise<number> =>
  (await client.query(PUT_BACK)).rowCount ?? 0;
