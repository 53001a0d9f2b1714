import type { Pool } from 'pg';
import type { Rejected } from '../../batch/batch.ts';
import { TableRefusesBatch } from '../../errors/table-trouble.ts';
import type { StoredCounts } from '../../postgres/ingest/batch-to-insert.ts';
import { insertBatch } from '../../postgres/ingest/insert-batch.ts';
import { refusedInARow } from '../../postgres/ingest/record-batch.ts';
import { insertChunk, type LeftOut } from './insert-chunk.ts';
import { isWorthTrying, judgeBatch } from './judge-refusals.ts';
import {
  type OpenBatch,
  pickQuarantined,
  pickRows,
  range,
  sealingVault,
  type VaultFor,
  without,
} from './open-batch.ts';

/** Rows before `done` have been tried one by one. */
export type InsertProgress = LeftOut & { done: number };

export type InsertMeans = {
  pool: Pool;
  vaultFor: VaultFor;
  /** Where an earlier attempt got to. */
  progress?: InsertProgress | undefined;
  onProgress?(progress: InsertProgress): void;
  signal?: AbortSignal;
};

/** Rows of one transaction when they are tried one by one: far below the statement timeout, also with slow triggers. */
const CHUNK = 250;

/**
 * Inserts a batch with one statement. If that fails and a row may be to blame, the server tries the rows one by one,
 * a transaction a chunk, and those that cannot be stored are refused. Then the rest is inserted once more with one
 * statement, which stores the quarantined messages and counts what is there.
 * @throws TableRefusesRows when no row of a large batch, or of several batches, can be stored; whatever else went wrong
 */
export async function insertWhatFits(
  batch: OpenBatch,
  means: InsertMeans,
): Promise<StoredCounts & { refused: Rejected[] }> {
  const rows = batch.messageIds.length;
  const resumed = means.progress && means.progress.done < rows ? means.progress : undefined;
  if (!resumed) {
    try {
      return { ...(await insertWhole(batch, means)), refused: [] };
    } catch (error) {
      if (isOfQuarantine(error)) await storeTheRest(batch, means);
      if (rows === 0 || !isWorthTrying(error)) throw error;
    }
  }
  const left = await insertInChunks(batch, means, resumed);
  const kept = without(placesOf(left), rows);
  const storedBefore = left.storedBefore.map((place) => ({
    messageId: batch.messageIds[place] as string,
    sentAtMs: batch.sentAtMs[place] as number,
  }));
  const stored = await insertWhole(
    {
      ...pickRows(batch, kept),
      storedInChunks: true,
      storedBefore,
      refusedBefore: left.refused.length,
    },
    means,
  );
  if (stored.inserted === 0) await judgeBatch(left.refused, () => refusedInARow(means.pool));
  return {
    ...stored,
    duplicates: stored.duplicates + left.storedBefore.length,
    refused: left.refused,
  };
}

async function insertInChunks(
  batch: OpenBatch,
  { pool, vaultFor, signal, onProgress }: InsertMeans,
  resumed: InsertProgress | undefined,
): Promise<LeftOut> {
  const rows = batch.messageIds.length;
  const left: LeftOut = {
    refused: [...(resumed?.refused ?? [])],
    storedBefore: [...(resumed?.storedBefore ?? [])],
  };
  for (let done = resumed?.done ?? 0; done < rows; ) {
    signal?.throwIfAborted();
    const places = range(done, Math.min(rows, done + CHUNK));
    const stored = without(placesOf(left), done).at(-1);
    await insertChunk(batch, places, { pool, vaultFor, stored, othersGoIn: false }, left);
    done += places.length;
    onProgress?.({ ...left, done });
  }
  return left;
}

const placesOf = ({ refused, storedBefore }: LeftOut): ReadonlySet<number> =>
  new Set([...refused.map(({ index }) => index), ...storedBefore]);

async function insertWhole(batch: OpenBatch, { pool, vaultFor }: InsertMeans) {
  const vault = sealingVault(batch, vaultFor);
  const stored = await insertBatch(pool, { ...batch, vault: vault.seal });
  vault.committed();
  return stored;
}

const isOfQuarantine = (error: unknown): boolean =>
  error instanceof TableRefusesBatch && error.table === 'quarantine';

/** Statements that may fail while the messages that quarantine refuses are looked for. */
const MOST_FAILURES = 40;

/**
 * Commits what it can of a batch of which quarantine refuses a message: that one has no other place to go to, so the batch
 * waits, but the others need not.
 */
async function storeTheRest(batch: OpenBatch, { pool, vaultFor }: InsertMeans): Promise<void> {
  // A replay takes its messages out of quarantine in the transaction that stores them again.
  if (batch.replayId !== undefined) return;
  const means = { pool, vaultFor };
  if (batch.messageIds.length > 0) {
    const rows = { ...batch, quarantine: pickQuarantined(batch, []).quarantine, isPart: true };
    await insertWhatFits(rows, means);
  }
  let failures = 0;
  const store = async (places: readonly number[]): Promise<void> => {
    if (places.length === 0 || failures >= MOST_FAILURES) return;
    try {
      await insertWhole(pickQuarantined(batch, places), means);
    } catch (error) {
      if (!isOfQuarantine(error)) throw error;
      failures += 1;
      if (places.length === 1) return;
      const middle = Math.ceil(places.length / 2);
      await store(places.slice(0, middle));
      await store(places.slice(middle));
    }
  };
  await store(range(0, batch.quarantine.messageIds.length));
}
