import type { Pool } from 'pg';
import type { Rejected } from '../../batch/batch.ts';
import { TableRefusesBatch } from '../../errors/table-trouble.ts';
import { insertRowByRow } from '../../postgres/ingest/insert-batch.ts';
import type { RefusedRow } from '../../postgres/ingest/insert-logins.ts';
import { takesCopy, tryInsert } from '../../postgres/ingest/try-insert.ts';
import { isWorthTrying, judgeRows, NotTheRow, refusalReason } from './judge-refusals.ts';
import { type OpenBatch, pickRows, sealingVault, type VaultFor, without } from './open-batch.ts';

/** Rows that were not stored: refused, or stored before by another batch. By their place; no value of a message. */
export type LeftOut = { refused: Rejected[]; storedBefore: number[] };

export type ChunkMeans = {
  pool: Pool;
  vaultFor: VaultFor;
  /** The place of a row of the batch that is stored. */
  stored?: number | undefined;
  /** Whether the table was seen to take another row after it had refused these. */
  othersGoIn: boolean;
};

/** A replay's transaction that refuses rows must not commit: it has taken their messages out of quarantine. */
class RefusedInReplay extends Error {
  override name = 'RefusedInReplay';
  readonly rows: readonly RefusedRow[];
  constructor(rows: readonly RefusedRow[]) {
    super('rows of a replay are refused');
    this.rows = rows;
  }
}

/**
 * Inserts rows one by one in one transaction, and adds those that cannot be stored to `left`. If the transaction itself
 * fails, it is divided. A function of the database, such as a trigger, may refuse rows for as long as something else is
 * wrong: what it refuses is tried again, and is to blame only if the table takes another row afterwards.
 */
export async function insertChunk(
  batch: OpenBatch,
  places: readonly number[],
  means: ChunkMeans,
  left: LeftOut,
): Promise<void> {
  if (places.length === 0) return;
  const chunk = pickRows(batch, places);
  const placeOf = (place: number) => places[place] as number;
  const refuse = (row: RefusedRow) =>
    left.refused.push({ index: placeOf(row.place), reason: refusalReason(row) });
  const vault = sealingVault(chunk, means.vaultFor);
  try {
    const { refused, duplicates } = await insertRowByRow(means.pool, {
      ...chunk,
      judge(rows) {
        judgeRows(rows, means.othersGoIn || rows.length < places.length);
        if (batch.replayId !== undefined && rows.length > 0) throw new RefusedInReplay(rows);
      },
      vault: vault.seal,
    });
    vault.committed();
    left.storedBefore.push(...duplicates.map(placeOf));
    const again = means.othersGoIn ? [] : refused.filter(({ raised }) => raised);
    refused.filter((row) => !again.includes(row)).forEach(refuse);
    const notStored = new Set([...refused.map(({ place }) => place), ...duplicates]);
    const place = without(notStored, places.length).at(-1);
    const stored = place === undefined ? means.stored : placeOf(place);
    const placesAgain = again.map((row) => placeOf(row.place));
    await insertChunk(batch, placesAgain, { ...means, stored }, left);
  } catch (error) {
    if (error instanceof RefusedInReplay) {
      error.rows.forEach(refuse);
      const refusedPlaces = new Set(error.rows.map(({ place }) => place));
      const kept = without(refusedPlaces, places.length).map(placeOf);
      await insertChunk(batch, kept, means, left);
    } else if (error instanceof NotTheRow) {
      if (means.othersGoIn || !(await takesAnother(batch, means))) throw error.cause;
      await insertChunk(batch, places, { ...means, othersGoIn: true }, left);
    } else if (isWorthTrying(error) && places.length > 1) {
      // The statement itself failed, before it tried a row, or the vault refuses the original of one.
      const middle = Math.ceil(places.length / 2);
      await insertChunk(batch, places.slice(0, middle), means, left);
      await insertChunk(batch, places.slice(middle), means, left);
    } else {
      left.refused.push({ index: placeOf(0), reason: vaultReason(error, left) });
    }
  }
}

/** A row that is nobody's, or else a copy of one that is stored: a trigger may refuse either for its values. */
async function takesAnother(batch: OpenBatch, { pool, stored }: ChunkMeans): Promise<boolean> {
  const takesSample = await tryInsert(pool).then(
    () => true,
    () => false,
  );
  return (
    takesSample || (stored !== undefined && (await takesCopy(pool, pickRows(batch, [stored]))))
  );
}

const OF_THE_VAULT = 'vault: refuses the original of a masked value';

/** More of them in one batch are trouble with the vault. */
const MOST_OF_THE_VAULT = 20;

const isOfTheVault = ({ reason }: Rejected): boolean => reason.startsWith(OF_THE_VAULT);

/** @throws the error if it is not the vault's answer to one row */
function vaultReason(error: unknown, { refused }: LeftOut): string {
  const isRefusal = error instanceof TableRefusesBatch && error.table === 'vault';
  if (!isRefusal || refused.filter(isOfTheVault).length >= MOST_OF_THE_VAULT - 1) throw error;
  return `${OF_THE_VAULT} ${error.detail.replace(/^vault /, '')}`;
}
