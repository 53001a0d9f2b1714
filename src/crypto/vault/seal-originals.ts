import type { SealedOriginals } from '../../batch/batch.ts';
import type { MaskedField } from '../../domain/login/login-columns.ts';
import { type MaskedRows, maskedLists, type Originals } from '../../domain/login/login-rows.ts';
import { newDataKey, originalContext, type VaultPublicKey } from './vault-envelope.ts';

/** An original for the vault, and the masked value that rows have instead. */
type NewOriginal = { field: MaskedField; masked: string; value: string };

type Batch = { rows: MaskedRows; originals: Originals; sentAtMs: readonly number[] };

/** Returns each distinct value once, except values that the vault has already or that were erased after they were sent. */
export function newOriginals(
  { rows, originals, sentAtMs }: Batch,
  isKnown: (field: MaskedField, maskedHex: string) => boolean,
  isErased: (
    field: MaskedField,
    maskedHex: string,
    sentAtMs: number,
    userId: string,
  ) => boolean = () => false,
): NewOriginal[] {
  return maskedLists(rows, originals).flatMap(({ field, masked, originals: values }) => {
    const found = new Map<string, NewOriginal>();
    for (const [index, hex] of masked.entries()) {
      const value = values[index];
      if (hex === null || value == null || found.has(hex) || isKnown(field, hex)) continue;
      if (isErased(field, hex, sentAtMs[index] ?? 0, rows.userIds[index] ?? '')) continue;
      found.set(hex, { field, masked: hex, value });
    }
    return [...found.values()];
  });
}

/** Seals values, a slice at a time, with one data key. */
export function originalsSealer(vault: VaultPublicKey) {
  const dataKey = newDataKey(vault);
  const { vaultKeyId, wrappedKey } = dataKey;
  const sealed: SealedOriginals = {
    ...{ vaultKeyId, wrappedKey },
    ...{ fields: [], maskedValues: [], sealedValues: [] },
  };
  return {
    sealed,
    add(originals: readonly NewOriginal[]): void {
      for (const { field, masked, value } of originals) {
        sealed.fields.push(field);
        sealed.maskedValues.push(masked);
        sealed.sealedValues.push(dataKey.seal(value, originalContext(field, masked)));
      }
    },
  };
}
