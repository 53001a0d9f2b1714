import type { MaskedRows, Originals, SealedOriginals } from '../../batch/batch.ts';
import type { MaskedField } from '../../domain/login/masking.ts';
import { newDataKey, originalContext, type VaultPublicKey } from './vault-envelope.ts';

/** A value that the vault is to have: which field it is of, what stands for it in the rows, and itself. */
export type NewOriginal = { field: MaskedField; masked: string; value: string };

/** Each distinct value once; not those that the vault is known to have. */
export function newOriginals(
  rows: Pick<MaskedRows, 'maskedIps' | 'maskedDeviceIds'>,
  originals: Originals,
  isKnown: (field: MaskedField, maskedHex: string) => boolean,
): NewOriginal[] {
  const distinct = (field: MaskedField, masked: readonly string[], values: readonly string[]) => {
    const originalOf = new Map(masked.map((hex, index) => [hex, values[index] as string]));
    return [...originalOf]
      .filter(([hex]) => !isKnown(field, hex))
      .map(([hex, value]) => ({ field, masked: hex, value }));
  };
  return [
    ...distinct('ip', rows.maskedIps, originals.ips),
    ...distinct('device_id', rows.maskedDeviceIds, originals.deviceIds),
  ];
}

/** Seals values, some at a time, with one data key. */
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
