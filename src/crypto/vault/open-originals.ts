import type { KeyObject } from 'node:crypto';
import type { Masker } from '../../domain/login/masking.ts';
import type { SealedOriginal } from '../../domain/login/sealed-original.ts';
import { Problem } from '../../errors/problem.ts';
import { openAesGcm } from '../aes-gcm.ts';
import { originalContext } from './vault-envelope.ts';
import type { VaultPrivateKey } from './vault-opener.ts';

/**
 * Opens originals one at a time and unwraps each data key once.
 * @returns undefined for an original that does not open because it was replaced or damaged
 */
export function originalOpener(
  privateKey: VaultPrivateKey,
): (sealed: SealedOriginal) => Promise<string | undefined> {
  const dataKeys = new Map<string, Promise<KeyObject>>();
  return async ({ field, maskedHex, sealedValue, dataKeyId, wrappedKey }) => {
    const dataKey = dataKeys.get(dataKeyId) ?? privateKey.unwrap(wrappedKey);
    dataKeys.set(dataKeyId, dataKey);
    try {
      return openAesGcm(sealedValue, await dataKey, originalContext(field, maskedHex)).toString();
    } catch (error) {
      if (error instanceof Problem) throw error;
      return undefined;
    }
  };
}

/**
 * Single rows for another key are reported as not opened, so that a planted row can't block the rest.
 * @throws Problem when all rows were sealed for other private keys
 */
export function refuseOtherVaultKeys(
  sealed: readonly { vaultKeyId: string }[],
  privateKey: VaultPrivateKey,
): void {
  const keyIds = new Set(sealed.map(({ vaultKeyId }) => vaultKeyId));
  if (keyIds.size === 0 || keyIds.has(privateKey.id)) return;
  throw new Problem(
    'the vault cannot be opened',
    `this is key ${privateKey.id}, and it was sealed for ${[...keyIds].join(', ')}`,
    'Set VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID to that key; `login-etl quarantine list` and the vault name them.',
  );
}

/** Anyone who can write to the vault can seal any value, so an original is masked again to check that it is genuine. */
export type OriginalCheck = 'matches' | 'does not match' | 'not checked';

/** @param maskers by key id; without the key that the row names, nothing can be checked */
export function checkOriginal(
  { field, maskedHex, maskKeyId }: SealedOriginal,
  original: string,
  maskers: ReadonlyMap<string, Masker>,
): OriginalCheck {
  const masker = maskers.get(maskKeyId);
  if (masker === undefined) return 'not checked';
  return masker.mask(field, original) === maskedHex ? 'matches' : 'does not match';
}
