import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import {
  newDataKey,
  originalContext,
  type VaultPublicKey,
} from '../../../src/crypto/vault/vault-envelope.ts';
import { MASKED_FIELDS, type MaskedField } from '../../../src/domain/login/login-columns.ts';
import type { Masker } from '../../../src/domain/login/masking.ts';
import { loginFields } from './login-messages.ts';

/** A row of `user_logins`: the numbers of its address and device (see `loginFields`), and its day. */
export type TestRow = {
  ip: number;
  device: number;
  userId?: string;
  createDate?: string;
  messageId?: string;
};

export const original = (field: MaskedField, number: number): string =>
  String(loginFields(number)[field]);

/** Stores rows as a worker with this masker does, but without originals. @returns their message ids */
export async function insertRows(
  pool: Pool,
  masker: Masker,
  rows: readonly TestRow[],
): Promise<string[]> {
  const ids = rows.map(({ messageId }) => messageId ?? randomUUID());
  await pool.query(
    `insert into user_logins (
       user_id, device_type, masked_ip, masked_device_id, app_version, create_date,
       message_id, mask_key_id, sent_at, run_id, batch_number
     )
     select user_id, 'android', masked_ip, masked_device_id, '1', create_date, message_id, $5, now(), $6, 1
     from unnest($1::text[], $2::text[], $3::date[], $4::text[], $7::text[])
       as rows (masked_ip, masked_device_id, create_date, message_id, user_id)`,
    [
      rows.map(({ ip }) => masker.mask('ip', original('ip', ip))),
      rows.map(({ device }) => masker.mask('device_id', original('device_id', device))),
      rows.map(({ createDate }) => createDate ?? '2026-11-22'),
      ids,
      masker.keyId,
      randomUUID(),
      rows.map(({ userId }) => userId ?? 'user'),
    ],
  );
  return ids;
}

/** Stores both originals of each number, sealed as a worker with this masker seals those of one batch. */
export async function fillVault(
  pool: Pool,
  publicKey: VaultPublicKey,
  masker: Masker,
  numbers: readonly number[],
): Promise<void> {
  const dataKey = newDataKey(publicKey);
  const values = MASKED_FIELDS.flatMap((field) =>
    numbers.map((number) => {
      const plain = original(field, number);
      const maskedHex = masker.mask(field, plain);
      const sealed = dataKey.seal(plain, originalContext(field, maskedHex));
      return { field, masked: Buffer.from(maskedHex, 'hex'), sealed };
    }),
  );
  await pool.query(
    `with data_key as (
       insert into vault_data_keys (id, vault_key_id, wrapped_key) values ($5, $6, $7)
     )
     insert into vault (masked_value, field, sealed_value, mask_key_id, data_key_id)
     select masked_value, field, sealed_value, $4, $5
     from unnest($1::bytea[], $2::text[], $3::bytea[]) as batch (masked_value, field, sealed_value)
     order by masked_value, field on conflict do nothing`,
    [
      values.map(({ masked }) => masked),
      values.map(({ field }) => field),
      values.map(({ sealed }) => sealed),
      ...[masker.keyId, randomUUID(), dataKey.vaultKeyId, dataKey.wrappedKey],
    ],
  );
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
