import { kmsPrivateKey } from './kms-private-key.ts';
import type { VaultPrivateKey } from './vault-opener.ts';

/** Where the configuration says that the vault's private key is. */
export type VaultKeySource = { privateKey: VaultPrivateKey } | { kmsKeyId: string };

export const vaultPrivateKey = async (source: VaultKeySource): Promise<VaultPrivateKey> =>
  'privateKey' in source ? source.privateKey : kmsPrivateKey(source.kmsKeyId);
