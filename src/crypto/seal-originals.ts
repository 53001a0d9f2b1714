import type { MaskedRows, Originals, SealedOriginals } from '../domain/batch.ts';
import type { MaskedField } from '../domain/masking.ts';
import { newDataKey, originalContext, type VaultPublicKey } from './vault.ts';

/** Seals each distinct value once, with a data key of the batch; not those that the vault is known to have. */
export function sealOriginals(
  vault: VaultPublicKey,
  rows: Pick<MaskedRows, 'maskedIps' | 'maskedDeviceIds'>,
  originals: Originals,
  isKnown: (field: MaskedField, maskedHex: string) => boolean = () => false,
): SealedOriginals {
  const dataKey = newDataKey(vault);
  const { vaultKeyId, wrappedKey } = dataKey;
  const sealed: SealedOriginals = {
    ...{ vaultKeyId, wrappedKey },
    ...{ fields: [], maskedValues: [], sealedValues: [] },
  };
  const add = (field: MaskedField, masked: readonly string[], values: readonly string[]) => {
    const firstOf = new Map(masked.map((hex, index) => [hex, values[index] as string]));
    for (const [hex, value] of firstOf) {
      if (isKnown(field, hex)) continue;
      sealed.fields.push(field);
      sealed.maskedValues.push(hex);
      sealed.sealedValues.push(dataKey.seal(value, originalContext(field, hex)));
    }
  };
  add('ip', rows.maskedIps, originals.ips);
  add('device_id', rows.maskedDeviceIds, originals.deviceIds);
  return sealed;
}
