import type { KeyObject } from 'node:crypto';
import type { SealedOriginal } from '../../domain/login/sealed-original.ts';
import { Problem } from '../../errors/problem.ts';
import { open } from './sealed-value.ts';
import { originalContext } from './vault-envelope.ts';
import type { VaultPrivateKey } from './vault-opener.ts';

/**
 * Opens originals one by one, and unwraps each data key once.
 * @returns undefined for what does not open: another was put in its place, or a bit has changed
 */
export function originalOpener(
  privateKey: VaultPrivateKey,
): (sealed: SealedOriginal) => Promise<string | undefined> {
  const dataKeys = new Map<string, Promise<KeyObject>>();
  return async ({ field, maskedHex, sealedValue, dataKeyId, wrappedKey }) => {
    const dataKey = dataKeys.get(dataKeyId) ?? privateKey.unwrap(wrappedKey);
    dataKeys.set(dataKeyId, dataKey);
    try {
      return open(sealedValue, await dataKey, originalContext(field, maskedHex));
    } catch (error) {
      if (error instanceof Problem) throw error;
      return undefined;
    }
  };
}

/** @throws Problem when something was sealed for another private key than this one */
export function refuseOtherVaultKeys(
  sealed: readonly { vaultKeyId: string }[],
  privateKey: VaultPrivateKey,
): void {
  const others = new Set(sealed.map(({ vaultKeyId }) => vaultKeyId));
  others.delete(privateKey.id);
  if (others.size === 0) return;
  throw new Problem(
    'the vault cannot be opened',
    `this is key ${privateKey.id}, and some of it was sealed for ${[...others].join(', ')}`,
    'Set VAULT_PRIVATE_KEY or VAULT_KMS_KEY_ID to that key; `login-etl quarantine list` and the vault name them.',
  );
}
