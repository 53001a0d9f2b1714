import { openAesGcm } from '../aes-gcm.ts';
import { newDataKey, type VaultPublicKey } from './vault-envelope.ts';
import type { VaultPrivateKey } from './vault-opener.ts';

/** A journal of erasures as it is kept outside the database: only custodians open it. */
export type SealedJournal = {
  vaultKeyId: string;
  /** Base64. */
  wrappedKey: string;
  sealed: string;
};

const CONTEXT = 'login-etl/erasure-journal/1';

export function sealJournal(vault: VaultPublicKey, journal: unknown): SealedJournal {
  const { vaultKeyId, wrappedKey, seal } = newDataKey(vault);
  const sealed = seal(JSON.stringify(journal), CONTEXT);
  return {
    vaultKeyId,
    wrappedKey: wrappedKey.toString('base64'),
    sealed: sealed.toString('base64'),
  };
}

/** @throws Error when the key is another, or a bit was changed */
export async function openJournal<T>(
  { wrappedKey, sealed }: SealedJournal,
  privateKey: VaultPrivateKey,
): Promise<T> {
  const dataKey = await privateKey.unwrap(Buffer.from(wrappedKey, 'base64'));
  return JSON.parse(openAesGcm(Buffer.from(sealed, 'base64'), dataKey, CONTEXT).toString()) as T;
}
