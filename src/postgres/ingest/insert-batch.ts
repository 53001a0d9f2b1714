import type { Pool, PoolClient } from 'pg';
import type { SealedOriginals } from '../../batch/batch.ts';
import { QuarantineDropsRows, RowsNotStored } from '../../errors/table-trouble.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import type { BatchToInsert, StoredCounts } from './batch-to-insert.ts';
import { findStored } from './find-stored.ts';
import { lockInserts } from './insert-lock.ts';
import { insertEachLogin, insertLogins, type RefusedRow } from './insert-logins.ts';
import { insertOriginals, readVaultState, type VaultState } from './insert-originals.ts';
import { insertQuarantine } from './insert-quarantine.ts';
import { recordBatch } from './record-batch.ts';

// Constraints are checked with their statement, so that none fails at the commit, where no row can be blamed.
const CHECK_AT_ONCE = 'set constraints all immediate';

const OPEN_RUN = `
  insert into ingest_runs (run_id, workflow_id, started_at, worker_build)
  values ($1, $2, to_timestamp($3 / 1000.0), $4) on conflict (run_id) do nothing`;

// Only what a custodian has released for it, and with its owner's rights: the worker itself may delete nothing.
const TAKE_RELEASED = 'select login_etl_take_released($1, $2)';

/**
 * Inserts a batch with its originals in one transaction, and opens its run in the ledger. Messages that are already
 * stored change nothing. Rows that an earlier attempt of the same batch committed, though its answer was lost, count
 * as inserted: however often it is tried, the answer is the same. When it returns, each message was found in one of
 * the two tables.
 * @throws RowsNotStored when a row is in neither, LockedOut when another session holds a lock for too long: nothing is
 * committed then
 */
export const insertBatch = (pool: Pool, batch: BatchToInsert): Promise<StoredCounts> =>
  boundedTransaction(pool, CHECK_AT_ONCE, async (client) => {
    const { quarantine, replayId } = batch;
    const alone = quarantine.messageIds.length > 0 || replayId !== undefined;
    await lockInserts(client, alone ? 'alone' : 'shared');
    return insertWithin(client, batch);
  });

/** The same, in a transaction of the caller's. */
export async function insertWithin(
  client: PoolClient,
  batch: BatchToInsert,
): Promise<StoredCounts> {
  // Before any row is locked.
  const vaultState = await openBatch(client, batch);
  // Originals are sealed while Postgres inserts.
  const [, sealed] = await Promise.all([insertLogins(client, batch), batch.vault(vaultState)]);
  await insertQuarantine(client, batch);
  await insertOriginals(client, sealed, batch.maskKeyId);
  const rows = await findStored(client, batch, batch.batch, 'user_logins');
  if (rows.missing.length > 0) throw new RowsNotStored('user_logins');
  const bad = await findStored(client, batch.quarantine, batch.batch, 'quarantine');
  if (bad.missing.length > 0) throw new QuarantineDropsRows('quarantine');
  await recordBatch(client, batch, rows, bad);
  return {
    inserted: rows.own,
    quarantined: bad.own,
    duplicates: rows.duplicates + bad.duplicates,
  };
}

export type RowByRow = Omit<BatchToInsert, 'vault'> & {
  /** @throws when a refusal is the server's or the table's fault: then nothing is committed */
  judge(refused: readonly RefusedRow[]): void;
  /** Seals the originals of the rows that went in. */
  vault(vaultState: VaultState, refused: readonly RefusedRow[]): Promise<SealedOriginals>;
};

/** `duplicates`: rows that Postgres refused, by their place, whose messages are stored already. */
export type RowByRowResult = { refused: RefusedRow[]; duplicates: number[] };

/** Inserts the rows of a batch one by one, in one transaction, and leaves its quarantined messages alone. */
export const insertRowByRow = (pool: Pool, batch: RowByRow): Promise<RowByRowResult> =>
  boundedTransaction(pool, CHECK_AT_ONCE, async (client) => {
    await lockInserts(client, batch.replayId === undefined ? 'shared' : 'alone');
    const vaultState = await openBatch(client, batch);
    const refused = await insertEachLogin(client, batch);
    batch.judge(refused);
    await insertOriginals(client, await batch.vault(vaultState, refused), batch.maskKeyId);
    const { missing } = await findStored(client, batch, batch.batch, 'user_logins');
    const places = new Set(refused.map(({ place }) => place));
    if (!missing.every((place) => places.has(place))) throw new RowsNotStored('user_logins');
    const lost = new Set(missing);
    return {
      refused: refused.filter(({ place }) => lost.has(place)),
      duplicates: [...places].filter((place) => !lost.has(place)),
    };
  });

/** @returns the vault's state */
async function openBatch(
  client: PoolClient,
  { batch, workerBuild, replayId, messageIds, sentAtMs, quarantine }: Omit<BatchToInsert, 'vault'>,
): Promise<VaultState> {
  const { runId, workflowId, startedAtMs } = batch;
  // With each batch: nobody knows which of the lanes is the first to commit.
  await client.query(OPEN_RUN, [runId, workflowId, startedAtMs, workerBuild]);
  // Of a batch that is tried again there may be none left: its rows are stored, and count as such.
  if (replayId !== undefined) {
    await client.query(TAKE_RELEASED, [replayId, [...messageIds, ...quarantine.messageIds]]);
  }
  return readVaultState(client, sentAtMs);
}
