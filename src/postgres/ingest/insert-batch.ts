import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { BatchTag, SealedOriginals } from '../../batch/batch.ts';
import { createDate } from '../../domain/login/create-date.ts';
import type { MaskedRows } from '../../domain/login/login-rows.ts';
import { inTransaction } from '../in-transaction.ts';
import {
  LOGIN_ARRAYS,
  LOGIN_COLUMN_NAMES,
  LOGIN_PARAMETERS,
  loginParameters,
} from './login-arrays.ts';

export type BatchToInsert = {
  batch: BatchTag;
  workerBuild: string;
  messageIds: readonly string[];
  sentAtMs: readonly number[];
  rows: MaskedRows;
  maskKeyId: string;
  /** What is to go into the vault, told its state (`known-originals.ts`). */
  vault: (vaultState: string) => Promise<SealedOriginals>;
  replayId?: string | undefined;
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
// Read committed, whatever the database's default is: a snapshot taken before the lock would not see the others.
const BEGIN = 'begin isolation level read committed';
const BEGIN_SHARED = `${BEGIN}; select pg_advisory_xact_lock_shared(${LOCK})`;
const BEGIN_ALONE = `${BEGIN}; select pg_advisory_xact_lock(${LOCK})`;

const OPEN_RUN = `
  insert into ingest_runs (run_id, workflow_id, started_at, worker_build)
  values ($1, $2, to_timestamp($3 / 1000.0), $4) on conflict do nothing`;

/** A parameter after those of the login's columns. */
const own = (number: number) => `$${LOGIN_PARAMETERS + number}`;

// The date is that of `createDate`.
// In order, so that two batches that have messages in common wait for each other at most one way.
const INSERT_LOGINS = `
  insert into user_logins (
    ${LOGIN_COLUMN_NAMES}, create_date, message_id, sent_at, mask_key_id, run_id, batch_number
  )
  select ${LOGIN_COLUMN_NAMES}, create_date, message_id, sent_at, ${own(3)}, ${own(4)}, ${own(5)}
  from unnest(${LOGIN_ARRAYS}, ${own(1)}::text[], string_to_array(${own(2)}, ',')::bigint[])
    as batch (${LOGIN_COLUMN_NAMES}, message_id, sent_at_ms)
  cross join lateral to_timestamp(sent_at_ms / 1000.0) as sent_at
  cross join lateral cast(sent_at at time zone 'utc' as date) as create_date
  where not exists (select from quarantine where quarantine.message_id = batch.message_id)
  order by create_date, message_id collate "C"
  on conflict do nothing`;

const INSERT_QUARANTINE = `
  insert into quarantine (
    message_id, create_date, sent_at, reason, sealed_body, vault_key_id, run_id, batch_number
  )
  select message_id, create_date, to_timestamp(sent_at_ms / 1000.0), reason, sealed_body, $6, $7, $8
  from unnest($1::text[], $2::date[], $3::bigint[], $4::text[], $5::bytea[])
    as batch (message_id, create_date, sent_at_ms, reason, sealed_body)
  where not exists (
    select from user_logins
    where user_logins.create_date = batch.create_date and user_logins.message_id = batch.message_id
  )
  on conflict do nothing`;

const INSERT_DATA_KEY = `
  insert into vault_data_keys (id, vault_key_id, wrapped_key) values ($1, $2, $3)`;

// In order, as above; columns as lists with commas, which cost the client a fraction of what arrays do. Without a conflict target and without returning, so that it needs no right to read the vault.
const INSERT_ORIGINALS = `
  insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
  select decode(masked_hex, 'hex'), field, $4, $5, decode(sealed_hex, 'hex')
  from unnest(string_to_array($1, ','), string_to_array($2, ','), string_to_array($3, ','))
    as batch (masked_hex, field, sealed_hex)
  order by masked_hex collate "C", field
  on conflict do nothing`;

// Only what a custodian has released for it, and with its owner's rights: the worker itself may delete nothing.
const TAKE_RELEASED = 'select login_etl_take_released($1, $2)';

// Distinct: SQS may deliver a message twice into one batch.
const COUNT_LOGINS = `
  select count(distinct message_id)::int as stored
  from unnest($1::date[], $2::text[]) as batch (create_date, message_id)
  join user_logins using (create_date, message_id)
  where run_id = $3 and batch_number = $4`;

const COUNT_QUARANTINE = `
  select count(*)::int as stored from quarantine
  where message_id = any($1::text[]) and run_id = $2 and batch_number = $3`;

/** The server's start is part of it: a restored database may be back at a number that it had before. */
const VAULT_STATE = `
  select generation || ' ' || pg_postmaster_start_time() as state from vault_generation`;

/**
 * Inserts a batch with its originals in one transaction, and opens its run in the ledger. Messages that are already stored change
 * nothing. Rows that an earlier attempt of the same batch committed, though its answer was lost, count as
 * inserted: however often it is tried, the answer is the same.
 */
export async function insertBatch(
  pool: Pool,
  batch: BatchToInsert,
): Promise<{ inserted: number; quarantined: number }> {
  const quarantines = batch.quarantine.messageIds.length > 0;
  const alone = quarantines || batch.replayId !== undefined;
  return inTransaction(pool, alone ? BEGIN_ALONE : BEGIN_SHARED, async (client) => {
    const { runId, workflowId, startedAtMs } = batch.batch;
    // With each batch: nobody knows which of the lanes is the first to commit.
    await client.query(OPEN_RUN, [runId, workflowId, startedAtMs, batch.workerBuild]);
    if (batch.replayId !== undefined) await takeReleased(client, batch);
    // Before any row is locked.
    const vaultState = await readVaultState(client);
    // Originals are sealed while Postgres inserts.
    const [inserted, sealed] = await Promise.all([
      batch.messageIds.length > 0 ? insertLogins(client, batch) : 0,
      batch.vault(vaultState),
    ]);
    const quarantined = quarantines ? await insertQuarantine(client, batch) : 0;
    if (sealed.sealedValues.length > 0) await insertOriginals(client, sealed, batch.maskKeyId);
    return { inserted, quarantined };
  });
}

/** Of a batch that is tried again there may be none left: its rows are stored, and count as such. */
async function takeReleased(
  client: PoolClient,
  { replayId, messageIds, quarantine }: BatchToInsert,
): Promise<void> {
  await client.query(TAKE_RELEASED, [replayId, [...messageIds, ...quarantine.messageIds]]);
}

async function readVaultState(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ state: string }>(VAULT_STATE);
  return rows[0]?.state ?? '';
}

async function insertLogins(client: PoolClient, batch: BatchToInsert): Promise<number> {
  const { rows, messageIds } = batch;
  const { runId, number } = batch.batch;
  const { rowCount } = await client.query({
    name: 'insert-user-logins',
    text: INSERT_LOGINS,
    values: [
      ...loginParameters(rows),
      messageIds,
      batch.sentAtMs.join(),
      batch.maskKeyId,
      runId,
      number,
    ],
  });
  if (rowCount === messageIds.length) return rowCount;
  const createDates = batch.sentAtMs.map(createDate);
  return count(client, COUNT_LOGINS, [createDates, messageIds, runId, number]);
}

async function insertQuarantine(
  client: PoolClient,
  { batch: { runId, number }, quarantine }: BatchToInsert,
): Promise<number> {
  const { messageIds, sentAtMs, reasons, sealedBodies, vaultKeyId } = quarantine;
  const createDates = sentAtMs.map(createDate);
  const { rowCount } = await client.query({
    name: 'insert-quarantine',
    text: INSERT_QUARANTINE,
    values: [
      ...[messageIds, createDates, sentAtMs, reasons, sealedBodies],
      ...[vaultKeyId, runId, number],
    ],
  });
  if (rowCount === messageIds.length) return rowCount;
  return count(client, COUNT_QUARANTINE, [messageIds, runId, number]);
}

async function insertOriginals(
  client: PoolClient,
  sealed: SealedOriginals,
  maskKeyId: string,
): Promise<void> {
  const dataKeyId = randomUUID();
  await client.query(INSERT_DATA_KEY, [dataKeyId, sealed.vaultKeyId, sealed.wrappedKey]);
  await client.query({
    name: 'insert-originals',
    text: INSERT_ORIGINALS,
    values: [
      sealed.maskedValues.join(),
      sealed.fields.join(),
      sealed.sealedValues.map((value) => value.toString('hex')).join(),
      maskKeyId,
      dataKeyId,
    ],
  });
}

async function count(client: PoolClient, text: string, values: unknown[]): Promise<number> {
  const { rows } = await client.query<{ stored: number }>(text, values);
  return rows[0]?.stored ?? 0;
}
