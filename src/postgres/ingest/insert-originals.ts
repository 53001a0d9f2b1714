import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { SealedOriginals } from '../../batch/batch.ts';
import { VaultDropsOriginals } from '../../errors/table-trouble.ts';
import { onTable } from '../on-table.ts';
import { type IsErased, readErased } from './erased-values.ts';

/** The server's start is part of it: a restored database may be back at a number that it had before. */
const VAULT_STATE = `
  select generation || ' ' || pg_postmaster_start_time() as state from vault_generation`;

/** What decides which originals of a batch are sealed. */
export type VaultState = { state: string; isErased: IsErased };

export async function readVaultState(
  client: PoolClient,
  sentAtMs: readonly number[],
): Promise<VaultState> {
  const [{ rows }, isErased] = await Promise.all([
    client.query<{ state: string }>(VAULT_STATE),
    readErased(client, sentAtMs),
  ]);
  return { state: rows[0]?.state ?? '', isErased };
}

const INSERT_DATA_KEY = `
  insert into vault_data_keys (id, vault_key_id, wrapped_key) values ($1, $2, $3)`;

/** Columns as lists with commas, which cost the client a fraction of what arrays do. */
const ORIGINALS = `
  unnest(string_to_array($1, ','), string_to_array($2, ','), string_to_array($3, ','))
    as batch (masked_hex, field, sealed_hex)`;

// In order, so that two batches wait for each other at most one way. Without a conflict target and without returning,
// so that it needs no right to read the vault: `MISSING` tells an original that is there from one that was dropped.
const INSERT_ORIGINALS = `
  insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
  select decode(masked_hex, 'hex'), field, $4, $5, decode(sealed_hex, 'hex')
  from ${ORIGINALS}
  order by masked_hex collate "C", field
  on conflict do nothing`;

const MISSING = `
  select login_etl_missing_originals(array_agg(decode(masked_hex, 'hex')), array_agg(field)) as missing
  from unnest(string_to_array($1, ','), string_to_array($2, ',')) as batch (masked_hex, field)`;

/** @throws VaultDropsOriginals when one of them is not in the vault afterwards */
export async function insertOriginals(
  client: PoolClient,
  sealed: SealedOriginals,
  maskKeyId: string,
): Promise<void> {
  if (sealed.sealedValues.length === 0) return;
  const dataKeyId = randomUUID();
  const columns = [sealed.maskedValues.join(), sealed.fields.join()];
  const values = [
    ...columns,
    sealed.sealedValues.map((value) => value.toString('hex')).join(),
    ...[maskKeyId, dataKeyId],
  ];
  const [key, { rowCount }] = await Promise.all([
    onTable(
      'vault_data_keys',
      client.query(INSERT_DATA_KEY, [dataKeyId, sealed.vaultKeyId, sealed.wrappedKey]),
    ),
    onTable('vault', client.query(INSERT_ORIGINALS, values)),
  ]);
  if (key.rowCount !== 1) throw new VaultDropsOriginals('vault_data_keys');
  if (rowCount === sealed.sealedValues.length) return;
  const { rows } = await client.query<{ missing: number }>(MISSING, columns);
  if (rows[0]?.missing !== 0) throw new VaultDropsOriginals('vault');
}
