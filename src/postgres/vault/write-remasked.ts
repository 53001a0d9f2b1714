import type { Pool, PoolClient } from 'pg';
import { MASKED_COLUMNS } from '../../domain/login/login-columns.ts';
import type { MaskedValue } from '../../domain/login/sealed-original.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import type { OldRow } from '../logins/find-old-rows.ts';
import { toColumns } from './read-originals.ts';
import { type RotationStep, requireRotation } from './require-rotation.ts';
import { LOCK_VAULT } from './vault-lock.ts';

/** `newMasked` is in the order of `MASKED_COLUMNS`. */
export type RemaskedRow = OldRow & { newMasked: (string | null)[] };

export type ResealedOriginal = MaskedValue & { newMaskedHex: string; sealedValue: Buffer };

type Remasked = {
  toKeyId: string;
  rows: readonly RemaskedRow[];
  /** The originals of these rows, each once. */
  originals: readonly ResealedOriginal[];
  dataKey: { id: string; vaultKeyId: string; wrappedKey: Buffer };
  /** Originals of rows that keep their old key. */
  kept: readonly MaskedValue[];
};

/** An original was erased after it was read. The step is repeated without it. */
export class OriginalsChanged extends Error {
  override name = 'OriginalsChanged';
}

const COUNT_PRESENT = `
  select count(distinct (masked_value, field))::int as present
  from unnest($1::bytea[], $2::text[]) as used (masked_value, field)
  join sealed_originals using (masked_value, field)`;

const COLUMNS = MASKED_COLUMNS.map(({ column }, index) => ({
  ...{ column, was: `old_${column}`, becomes: `new_${column}` },
  parameters: `$${7 + 2 * index}::text[], $${8 + 2 * index}::text[]`,
}));

// Locks in the same order as ingestion (rows, then originals, both sorted), which prevents deadlocks.
const UPDATE_ROWS = `
  update user_logins set mask_key_id = $4,
    ${COLUMNS.map(({ column, becomes }) => `${column} = ${becomes}`).join(', ')}
  from unnest($1::date[], $2::text[], $3::text[], ${COLUMNS.map(({ parameters }) => parameters).join(', ')})
    as step (
      create_date, message_id, old_key_id, ${COLUMNS.map(({ was, becomes }) => `${was}, ${becomes}`).join(', ')}
    )
  where user_logins.create_date = step.create_date and user_logins.message_id = step.message_id
    and user_logins.create_date between $5::date and $6::date and mask_key_id = old_key_id
    and ${COLUMNS.map(({ column, was }) => `${column} is not distinct from ${was}`).join(' and ')}`;

const INSERT_ORIGINALS = `
  insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
  select masked_value, field, $4, $5, sealed_value
  from unnest($1::bytea[], $2::text[], $3::bytea[]) as step (masked_value, field, sealed_value)
  order by masked_value, field
  on conflict (masked_value, field) do nothing`;

const INSERT_DATA_KEY = `
  insert into vault_data_keys (id, vault_key_id, wrapped_key) values ($1, $2, $3)`;

const TAKE_BACK = `
  with kept as (
    delete from vault_set_aside using unnest($1::bytea[], $2::text[]) as needed (masked_value, field)
    where vault_set_aside.masked_value = needed.masked_value and vault_set_aside.field = needed.field
    returning vault_set_aside.*
  )
  insert into vault select * from kept order by masked_value, field
  on conflict (masked_value, field) do nothing`;

/**
 * Writes the re-masked rows of a step and their originals in one transaction.
 * @returns the number of changed rows, which is lower if another attempt has changed some
 * @throws OriginalsChanged
 */
export async function writeRemasked(
  pool: Pool,
  remasked: Remasked,
  rotation: RotationStep,
): Promise<number> {
  const { rows, originals, kept } = remasked;
  if (rows.length === 0 && kept.length === 0) return 0;
  return boundedTransaction(pool, LOCK_VAULT, async (client) => {
    await requireRotation(client, rotation);
    if (kept.length > 0) await client.query(TAKE_BACK, toColumns(kept));
    if (rows.length === 0) return 0;
    const { rows: found } = await client.query<{ present: number }>(
      COUNT_PRESENT,
      toColumns(originals),
    );
    if (found[0]?.present !== originals.length) {
      throw new OriginalsChanged('an original was erased while its rows were re-masked');
    }
    const changed = await updateRows(client, remasked);
    await insertOriginals(client, remasked);
    return changed;
  });
}

async function updateRows(client: PoolClient, { rows, toKeyId }: Remasked): Promise<number> {
  const { rowCount } = await client.query(UPDATE_ROWS, [
    rows.map(({ createDate }) => createDate),
    rows.map(({ messageId }) => messageId),
    rows.map(({ maskKeyId }) => maskKeyId),
    toKeyId,
    // The rows are in order.
    ...[rows[0]?.createDate, rows.at(-1)?.createDate],
    ...COLUMNS.flatMap((_, index) => [
      rows.map(({ masked }) => masked[index] ?? null),
      rows.map(({ newMasked }) => newMasked[index] ?? null),
    ]),
  ]);
  return rowCount ?? 0;
}

async function insertOriginals(
  client: PoolClient,
  { originals, dataKey, toKeyId }: Remasked,
): Promise<void> {
  const { rowCount } = await client.query(INSERT_ORIGINALS, [
    originals.map(({ newMaskedHex }) => Buffer.from(newMaskedHex, 'hex')),
    originals.map(({ field }) => field),
    originals.map(({ sealedValue }) => sealedValue),
    ...[toKeyId, dataKey.id],
  ]);
  // The vault had all originals already, so this data key seals nothing.
  if (rowCount === 0) return;
  await client.query(INSERT_DATA_KEY, [dataKey.id, dataKey.vaultKeyId, dataKey.wrappedKey]);
}
