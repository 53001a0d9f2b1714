import type { Pool } from 'pg';
import type { MaskedValue, SealedOriginal } from '../../domain/login/sealed-original.ts';

const READ_ORIGINALS = `
  select field, encode(masked_value, 'hex') as "maskedHex", mask_key_id as "maskKeyId", sealed_at as "sealedAt",
    sealed_value as "sealedValue", data_key_id as "dataKeyId", wrapped_key as "wrappedKey", vault_key_id as "vaultKeyId"
  from unnest($1::bytea[], $2::text[]) as wanted (masked_value, field)
  join sealed_originals using (masked_value, field)
  join vault_data_keys as data_keys on data_keys.id = data_key_id`;

/** Reads the sealed originals of these values, including those that a rotation set aside. */
export async function readOriginals(
  pool: Pool,
  wanted: readonly MaskedValue[],
): Promise<SealedOriginal[]> {
  const { rows } = await pool.query<SealedOriginal>(READ_ORIGINALS, toColumns(wanted));
  return rows;
}

/** The arguments of `unnest($1::bytea[], $2::text[])`. */
export const toColumns = (values: readonly MaskedValue[]): [Buffer[], string[]] => [
  values.map(({ maskedHex }) => Buffer.from(maskedHex, 'hex')),
  values.map(({ field }) => field),
];
