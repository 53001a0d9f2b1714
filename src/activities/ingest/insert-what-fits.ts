import type { Pool } from 'pg';
import type { Rejected, SealedOriginals } from '../../batch/batch.ts';
import type { MaskedRows, Originals } from '../../domain/login/login-rows.ts';
import type { BatchToInsert, StoredCounts } from '../../postgres/ingest/batch-to-insert.ts';
import { insertBatch, insertRowByRow } from '../../postgres/ingest/insert-batch.ts';
import type { RefusedRow } from '../../postgres/ingest/insert-logins.ts';
import type { VaultState } from '../../postgres/ingest/insert-originals.ts';
import { refusedInARow } from '../../postgres/ingest/refused-in-a-row.ts';
import { judgeBatch, judgeRows, mayBlameRow, refusalReason } from './judge-refusals.ts';

/** A batch whose originals are not sealed yet: only those of stored rows get into the vault. */
export type OpenBatch = Omit<BatchToInsert, 'vault'> & { originals: Originals };

/** Seals the originals of rows, and is told when they are committed. */
type VaultWriter = {
  seal(vaultState: VaultState): Promise<SealedOriginals>;
  committed(): void;
};

/** Rows that were not stored: refused, or stored before by another batch. By their place; no value of a message. */
type LeftOut = { refused: Rejected[]; duplicates: number[] };

/** Rows before `done` have been tried one by one. */
export type InsertProgress = LeftOut & { done: number };

export type InsertMeans = {
  pool: Pool;
  vaultFor(batch: Pick<OpenBatch, 'rows' | 'originals' | 'sentAtMs'>): VaultWriter;
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
 * @throws TableRefusesRows when no row of a large batch, or of several batches, can be stored, for one reason; whatever
 * else went wrong
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
      if (rows === 0 || !mayBlameRow(error)) throw error;
    }
  }
  const left: LeftOut = {
    refused: [...(resumed?.refused ?? [])],
    duplicates: [...(resumed?.duplicates ?? [])],
  };
  for (let done = resumed?.done ?? 0; done < rows; ) {
    means.signal?.throwIfAborted();
    const places = range(done, Math.min(rows, done + CHUNK));
    add(left, await insertChunk(batch, places, means, done > left.refused.length));
    done += places.length;
    means.onProgress?.({ ...left, done });
  }
  const leftOut = new Set([...left.refused.map(({ index }) => index), ...left.duplicates]);
  const kept = without(leftOut, rows);
  const storedBefore = left.duplicates.map((place) => ({
    messageId: batch.messageIds[place] as string,
    sentAtMs: batch.sentAtMs[place] as number,
  }));
  const stored = await insertWhole({ ...pick(batch, kept), storedBefore }, means);
  if (stored.inserted === 0) {
    await judgeBatch(left.refused, (reason) => refusedInARow(means.pool, reason, batch.batch));
  }
  return {
    ...stored,
    duplicates: stored.duplicates + left.duplicates.length,
    refused: left.refused,
  };
}

function add(left: LeftOut, { refused, duplicates }: LeftOut): void {
  left.refused.push(...refused);
  left.duplicates.push(...duplicates);
}

async function insertWhole(batch: OpenBatch, means: InsertMeans) {
  const vault = sealingVault(batch, means);
  const stored = await insertBatch(means.pool, { ...batch, vault: vault.seal });
  vault.committed();
  return stored;
}

/** For one transaction: it seals the originals of the rows that the transaction does not leave out. */
function sealingVault(batch: OpenBatch, { vaultFor }: InsertMeans) {
  let writer: VaultWriter | undefined;
  return {
    seal(state: VaultState, leftOut: ReadonlySet<number>) {
      writer = vaultFor(
        leftOut.size === 0 ? batch : pick(batch, without(leftOut, batch.messageIds.length)),
      );
      return writer.seal(state);
    },
    committed: () => writer?.committed(),
  };
}

/** A replay's transaction that refuses rows must not commit: it has taken their messages out of quarantine. */
class RefusedInReplay extends Error {
  override name = 'RefusedInReplay';
  readonly rows: readonly RefusedRow[];
  constructor(rows: readonly RefusedRow[]) {
    super('rows of a replay are refused');
    this.rows = rows;
  }
}

/** @param others whether rows of the batch are stored that are not in this chunk */
async function insertChunk(
  batch: OpenBatch,
  places: readonly number[],
  means: InsertMeans,
  others: boolean,
): Promise<LeftOut> {
  const left: LeftOut = { refused: [], duplicates: [] };
  if (places.length === 0) return left;
  const chunk = pick(batch, places);
  const placeOf = (place: number) => places[place] as number;
  const refuse = (row: RefusedRow) =>
    left.refused.push({ index: placeOf(row.place), reason: refusalReason(row) });
  const vault = sealingVault(chunk, means);
  try {
    const { refused, duplicates } = await insertRowByRow(means.pool, {
      ...chunk,
      judge(rows) {
        judgeRows(rows, others || rows.length < places.length);
        if (batch.replayId !== undefined && rows.length > 0) throw new RefusedInReplay(rows);
      },
      vault: vault.seal,
    });
    vault.committed();
    refused.forEach(refuse);
    left.duplicates.push(...duplicates.map(placeOf));
  } catch (error) {
    if (error instanceof RefusedInReplay) {
      error.rows.forEach(refuse);
      const refusedPlaces = new Set(error.rows.map(({ place }) => place));
      const kept = without(refusedPlaces, places.length).map(placeOf);
      add(left, await insertChunk(batch, kept, means, others));
    } else if (mayBlameRow(error) && places.length > 1) {
      // The statement itself failed, before it tried a row.
      const middle = Math.ceil(places.length / 2);
      add(left, await insertChunk(batch, places.slice(0, middle), means, others));
      add(left, await insertChunk(batch, places.slice(middle), means, others));
    } else {
      throw error;
    }
  }
  return left;
}

const without = (leftOut: ReadonlySet<number>, rows: number): number[] =>
  range(0, rows).filter((place) => !leftOut.has(place));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** These rows of a batch, with the rest of it as it is. */
function pick(batch: OpenBatch, places: readonly number[]): OpenBatch {
  const cut = <Columns extends MaskedRows | Originals>(columns: Columns) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, places.map((place) => column[place])]),
    ) as Columns;
  return {
    ...batch,
    messageIds: places.map((place) => batch.messageIds[place] as string),
    sentAtMs: places.map((place) => batch.sentAtMs[place] as number),
    rows: cut(batch.rows),
    originals: cut(batch.originals),
  };
}
