import type { Pool } from 'pg';
import type { MaskedField } from '../../domain/login/login-columns.ts';

export type MaskedValue = { field: MaskedField; maskedHex: string };

export type SealedOriginal = MaskedValue & {
  sealedValue: Buffer;
  dataKeyId: string;
  wrappedKey: Buffer;
  vaultKeyId: string;
};

const READ = `
  select field, encode(masked_value, 'hex') as "maskedHex", sealed_value as "sealedValue",
    data_key_id as "dataKeyId", wrapped_key as "wrappedKey", vault_key_id as "vaultKeyId"
  from unnest($1::bytea[], $2::text[]) as wanted (masked_value, field)
  join sealed_originals using (masked_value, field)
  join vault_data_keys as data_keys on data_keys.id = data_key_id`;

/** The sealed originals of these values that are in the vault, or set aside. */
export async function readSealedOriginals(
  pool: Pool,
  wanted: readonly MaskedValue[],
): Promise<SealedOriginal[]> {
  const { rows } = await pool.query<SealedOriginal>(READ, toColumns(wanted));
  return rows;
}

/** As `unnest($1::bytea[], $2::text[])` takes them. */
export const toColumns = (values: readonly MaskedValue[]): [Buffer[], string[]] => [
  values.map(({ maskedHex }) => Buffer.from(maskedHex, 'hex')),
  values.map(({ field }) => field),
];
