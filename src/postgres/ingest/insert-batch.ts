import type { Pool, PoolClient } from 'pg';
import { QuarantineDropsRows, RowsNotStored } from '../../errors/table-trouble.ts';
import { boundedTransaction } from '../bounded-transaction.ts';
import { onTable } from '../on-table.ts';
import type { BatchToInsert, StoredCounts } from './batch-to-insert.ts';
import { findStored, type Whereabouts } from './find-stored.ts';
import { lockInserts } from './insert-lock.ts';
import {
  type InsertedRows,
  insertEachLogin,
  insertLogins,
  type RefusedRow,
} from './insert-logins.ts';
import { insertOriginals, readVaultState, type VaultState } from './insert-originals.ts';
import { insertQuarantine } from './insert-quarantine.ts';
import { keepsRows } from './keeps-rows.ts';
import { readLeftOut } from './left-out.ts';
import { recordBatch } from './record-batch.ts';

const OPEN_RUN = `
  insert into ingest_runs (run_id, workflow_id, started_at, worker_build)
  values ($1, $2, to_timestamp($3 / 1000.0), $4) on conflict (run_id) do nothing`;

/**
 * Inserts a batch with its originals in one transaction, and opens its run in the ledger. Messages that are already
 * stored change nothing. Rows that an earlier attempt of the same batch committed, though its answer was lost, count
 * as inserted: however often it is tried, the answer is the same. When it returns, each message was found in one of
 * the two tables, or must not be stored (`left-out.ts`).
 * @throws RowsNotStored when a row is in neither, LockedOut when another session holds a lock for too long: nothing is
 * committed then
 */
export const insertBatch = (pool: Pool, batch: BatchToInsert): Promise<StoredCounts> =>
  boundedTransaction(pool, undefined, async (client) => {
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
  const { vaultState, leftOut } = await openBatch(client, batch, {
    messageIds: [...batch.messageIds, ...batch.quarantine.messageIds],
    sentAtMs: [...batch.sentAtMs, ...batch.quarantine.sentAtMs],
  });
  // Originals are sealed while Postgres inserts.
  const [inserted, sealed] = await Promise.all([
    insertLogins(client, batch, leftOut),
    batch.vault(vaultState, placesOf(leftOut, batch)),
  ]);
  const sealedIds = await insertQuarantine(client, batch, leftOut);
  await insertOriginals(client, sealed, batch.maskKeyId);
  const { batch: tag } = batch;
  const rows = await findLogins(client, batch, inserted, leftOut);
  if (rows.missing.length > 0) throw new RowsNotStored('user_logins');
  const bad = await findStored(client, batch.quarantine, tag, 'quarantine', sealedIds, leftOut);
  if (bad.missing.length > 0) throw new QuarantineDropsRows('quarantine');
  if (!batch.isPart) await recordBatch(client, batch, rows, bad);
  return {
    inserted: rows.own,
    quarantined: bad.own,
    duplicates: rows.duplicates + bad.duplicates,
  };
}

/**
 * The usual case, in which the insert stored every row, needs no look-up of each. Triggers are looked for after the insert,
 * since its locks keep others from adding or dropping one.
 */
async function findLogins(
  client: PoolClient,
  batch: BatchToInsert,
  { count, idsSum, ids }: InsertedRows,
  leftOut: ReadonlySet<string>,
): Promise<Whereabouts> {
  return count === batch.messageIds.length && (await keepsRows(client))
    ? { own: count, ownIdsSum: idsSum, duplicates: 0, storedBefore: [], missing: [] }
    : findStored(
        client,
        batch,
        batch.batch,
        'user_logins',
        batch.storedInChunks || ids === null ? undefined : new Set(ids),
        leftOut,
      );
}

type RowByRow = BatchToInsert & {
  /** @throws when a refusal is the server's or the table's fault: then nothing is committed */
  judge(refused: readonly RefusedRow[]): void;
};

/** `duplicates`: places of rows whose messages another batch has stored. */
type RowByRowResult = { refused: RefusedRow[]; duplicates: number[] };

/** Inserts the rows of a batch one by one, in one transaction, and leaves its quarantined messages alone. */
export const insertRowByRow = (pool: Pool, batch: RowByRow): Promise<RowByRowResult> =>
  boundedTransaction(pool, undefined, async (client) => {
    await lockInserts(client, batch.replayId === undefined ? 'shared' : 'alone');
    const { vaultState, leftOut } = await openBatch(client, batch, batch);
    const { refused, present } = await insertEachLogin(client, batch, leftOut);
    batch.judge(refused);
    const places = new Set(refused.map(({ place }) => place));
    const notStored = new Set([...places, ...placesOf(leftOut, batch)]);
    await insertOriginals(client, await batch.vault(vaultState, notStored), batch.maskKeyId);
    const before = new Set([...places, ...present].map((place) => batch.messageIds[place]));
    const inserted = new Set(batch.messageIds.filter((id) => !before.has(id)));
    const found = await findStored(client, batch, batch.batch, 'user_logins', inserted, leftOut);
    if (!found.missing.every((place) => places.has(place))) throw new RowsNotStored('user_logins');
    const lost = new Set(found.missing);
    const stored = [...places].filter((place) => !lost.has(place));
    return {
      refused: refused.filter(({ place }) => lost.has(place)),
      duplicates: [...new Set([...stored, ...found.storedBefore])].toSorted((a, b) => a - b),
    };
  });

/** @param messages those that this transaction is to store */
async function openBatch(
  client: PoolClient,
  { batch, workerBuild, replayId, recovery, sentAtMs }: BatchToInsert,
  messages: Pick<BatchToInsert, 'messageIds' | 'sentAtMs'>,
): Promise<{ vaultState: VaultState; leftOut: ReadonlySet<string> }> {
  const { runId, workflowId, startedAtMs } = batch;
  // With each batch: nobody knows which of the lanes is the first to commit.
  const [, leftOut, vaultState] = await Promise.all([
    onTable('ingest_runs', client.query(OPEN_RUN, [runId, workflowId, startedAtMs, workerBuild])),
    readLeftOut(client, messages, { replayId, recovery }),
    readVaultState(client, sentAtMs),
  ]);
  return { leftOut, vaultState };
}

/** Of the rows with these ids. */
function placesOf(ids: ReadonlySet<string>, { messageIds }: BatchToInsert): ReadonlySet<number> {
  if (ids.size === 0) return new Set();
  return new Set([...messageIds.keys()].filter((place) => ids.has(messageIds[place] as string)));
}
