import type { SealedOriginals } from '../../batch/batch.ts';
import type { MaskedField } from '../../domain/login/login-columns.ts';
import { type MaskedRows, maskedLists, type Originals } from '../../domain/login/login-rows.ts';
import { newDataKey, originalContext, type VaultPublicKey } from './vault-envelope.ts';

/** An original to store in the vault, and the masked value that rows have in its place. */
export type NewOriginal = { field: MaskedField; masked: string; value: string };

/** Each distinct value once, without those that the vault is known to have. */
export function newOriginals(
  rows: MaskedRows,
  originals: Originals,
  isKnown: (field: MaskedField, maskedHex: string) => boolean,
): NewOriginal[] {
  return maskedLists(rows, originals).flatMap((list) => {
    const originalOf = new Map(list.masked.map((hex, index) => [hex, list.originals[index]]));
    return [...originalOf].flatMap(([masked, value]) =>
      masked === null || value == null || isKnown(list.field, masked)
        ? []
        : [{ field: list.field, masked, value }],
    );
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
