import type { SealedOriginals } from '../../batch/batch.ts';
import type { MaskedRows, Originals } from '../../domain/login/login-rows.ts';
import type { BatchToInsert } from '../../postgres/ingest/batch-to-insert.ts';
import type { VaultState } from '../../postgres/ingest/insert-originals.ts';

/** A batch whose originals are not sealed yet: only those of stored rows get into the vault. */
export type OpenBatch = Omit<BatchToInsert, 'vault'> & { originals: Originals };

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** The places of a batch's rows that are not among these. */
export const without = (leftOut: ReadonlySet<number>, rows: number): number[] =>
  range(0, rows).filter((place) => !leftOut.has(place));

const cut = <Columns extends object>(columns: Columns, places: readonly number[]): Columns =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      Array.isArray(column) ? places.map((place) => column[place]) : column,
    ]),
  ) as Columns;

/** These rows of a batch, with the rest of it as it is. */
export function pickRows(batch: OpenBatch, places: readonly number[]): OpenBatch {
  return {
    ...batch,
    messageIds: places.map((place) => batch.messageIds[place] as string),
    sentAtMs: places.map((place) => batch.sentAtMs[place] as number),
    rows: cut<MaskedRows>(batch.rows, places),
    originals: cut<Originals>(batch.originals, places),
  };
}

/** These quarantined messages of a batch alone. */
export const pickQuarantined = (batch: OpenBatch, places: readonly number[]): OpenBatch => ({
  ...pickRows(batch, []),
  isPart: true,
  quarantine: cut(batch.quarantine, places),
});

/** Seals the originals of rows, and is told when they are committed. */
type VaultWriter = {
  seal(vaultState: VaultState): Promise<SealedOriginals>;
  committed(): void;
};

export type VaultFor = (batch: Pick<OpenBatch, 'rows' | 'originals' | 'sentAtMs'>) => VaultWriter;

/** For one transaction: it seals the originals of the rows that the transaction does not leave out. */
export function sealingVault(batch: OpenBatch, vaultFor: VaultFor) {
  let writer: VaultWriter | undefined;
  return {
    seal(state: VaultState, leftOut: ReadonlySet<number>) {
      writer = vaultFor(
        leftOut.size === 0 ? batch : pickRows(batch, without(leftOut, batch.messageIds.length)),
      );
      return writer.seal(state);
    },
    committed: () => writer?.committed(),
  };
}
