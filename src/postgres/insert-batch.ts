import type { Pool, PoolClient } from 'pg';
import type { MaskedRows } from '../domain/batch.ts';
import { createDate } from '../domain/create-date.ts';
import { inTransaction } from './in-transaction.ts';

export type BatchToInsert = {
  messageIds: readonly string[];
  sentAtMs: readonly number[];
  rows: MaskedRows;
  maskKeyId: string;
  quarantine: {
    messageIds: readonly string[];
    sentAtMs: readonly number[];
    reasons: readonly string[];
    sealedBodies: readonly Buffer[];
    vaultKeyId: string;
  };
};

/**
 * A message id is in one row over both tables, also when two workers disagree about a message. Each transaction
 * looks into the other table first; a batch with quarantined messages locks out the others meanwhile, the rest
 * share the lock. The number is any constant that nobody else uses.
 */
const LOCK = 7_236_514_201;
const BEGIN_SHARED = `begin; select pg_advisory_xact_lock_shared(${LOCK})`;
const BEGIN_ALONE = `begin; select pg_advisory_xact_lock(${LOCK})`;

const INSERT_LOGINS = `
  insert into user_logins (
    user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date,
    message_id, mask_key_id, sent_at
  )
  select user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date,
    message_id, $9, to_timestamp(sent_at_ms / 1000.0)
  from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $10::bigint[]
  ) as batch (
    user_id, device_type, masked_ip, masked_device_id, locale, app_version, create_date, message_id, sent_at_ms
  )
  where not exists (select from quarantine where quarantine.message_id = batch.message_id)
  on conflict do nothing`;

const INSERT_QUARANTINE = `
  insert into quarantine (message_id, create_date, sent_at, reason, sealed_body, vault_key_id)
  select message_id, create_date, to_timestamp(sent_at_ms / 1000.0), reason, sealed_body, $6
  from unnest($1::text[], $2::date[], $3::bigint[], $4::text[], $5::bytea[])
    as batch (message_id, create_date, sent_at_ms, reason, sealed_body)
  where not exists (
    select from user_logins
    where user_logins.create_date = batch.create_date and user_logins.message_id = batch.message_id
  )
  on conflict do nothing`;

/** Inserts a batch in one transaction. Messages that are already stored change nothing. */
export async function insertBatch(
  pool: Pool,
  batch: BatchToInsert,
): Promise<{ inserted: number; quarantined: number }> {
  const alone = batch.quarantine.messageIds.length > 0;
  return inTransaction(pool, alone ? BEGIN_ALONE : BEGIN_SHARED, async (client) => ({
    inserted: batch.messageIds.length > 0 ? await insertLogins(client, batch) : 0,
    quarantined: alone ? await insertQuarantine(client, batch.quarantine) : 0,
  }));
}

async function insertLogins(client: PoolClient, batch: BatchToInsert): Promise<number> {
  const { rows } = batch;
  const { rowCount } = await client.query({
    name: 'insert-user-logins',
    text: INSERT_LOGINS,
    values: [
      rows.userIds,
      rows.deviceTypes,
      rows.maskedIps,
      rows.maskedDeviceIds,
      rows.locales,
      rows.appVersions,
      batch.sentAtMs.map(createDate),
      batch.messageIds,
      batch.maskKeyId,
      batch.sentAtMs,
    ],
  });
  return rowCount ?? 0;
}

async function insertQuarantine(
  client: PoolClient,
  quarantine: BatchToInsert['quarantine'],
): Promise<number> {
  const { rowCount } = await client.query({
    name: 'insert-quarantine',
    text: INSERT_QUARANTINE,
    values: [
      quarantine.messageIds,
      quarantine.sentAtMs.map(createDate),
      quarantine.sentAtMs,
      quarantine.reasons,
      quarantine.sealedBodies,
      quarantine.vaultKeyId,
    ],
  });
  return rowCount ?? 0;
}
