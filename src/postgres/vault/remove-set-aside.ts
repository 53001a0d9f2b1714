import type { Pool } from 'pg';
import type {
  RemoveDataKeysRequest,
  RemoveDataKeysResult,
  RemoveRequest,
  RemoveResult,
} from '../../domain/rotation/rotation.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { type RotationStep, requireRotation } from './require-rotation.ts';
import { LOCK_VAULT } from './vault-lock.ts';

const REMOVE = `
  delete from vault_set_aside using (
    select masked_value, field from vault_set_aside order by masked_value, field limit $1
  ) as next
  where vault_set_aside.masked_value = next.masked_value and vault_set_aside.field = next.field`;

/** Removes originals that are still set aside. */
export async function removeSetAside(
  pool: Pool,
  { rows }: RemoveRequest,
  rotation: RotationStep,
): Promise<RemoveResult> {
  return boundedTransaction(pool, LOCK_VAULT, async (client) => {
    await requireRotation(client, rotation);
    const { rowCount } = await client.query(REMOVE, [rows]);
    return { removed: rowCount ?? 0 };
  });
}

const FIRST = '00000000-0000-0000-0000-000000000000';

const LAST_OF_STEP = `
  select id::text from vault_data_keys where id > $1 order by id offset $2 limit 1`;

// A data key is inserted in one transaction with its originals, so a key without originals never gets any.
const REMOVE_DATA_KEYS = `
  delete from vault_data_keys
  where id > $1 and ($2::uuid is null or id <= $2)
    and not exists (select from vault where data_key_id = vault_data_keys.id)
    and not exists (select from vault_set_aside where data_key_id = vault_data_keys.id)`;

/** Removes data keys without originals. Each step scans the vault, since no index has the data key. */
export async function removeDataKeys(
  pool: Pool,
  { after = FIRST, rows }: RemoveDataKeysRequest,
  rotation: RotationStep,
): Promise<RemoveDataKeysResult> {
  return boundedTransaction(pool, LOCK_VAULT, async (client) => {
    await requireRotation(client, rotation);
    const { rows: last } = await client.query<{ id: string }>(LAST_OF_STEP, [after, rows - 1]);
    const next = last[0]?.id;
    const { rowCount } = await client.query(REMOVE_DATA_KEYS, [after, next ?? null]);
    return { removed: rowCount ?? 0, ...(next !== undefined && { next }) };
  });
}
