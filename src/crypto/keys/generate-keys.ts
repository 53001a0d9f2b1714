import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { withNewKey } from './add-key.ts';

const VAULT_KEY_BITS = 3072;

/** Contents by file name, as `login-etl keys generate` writes them. All but the public key are secret. */
export type KeyFiles = Readonly<Record<string, string>>;

export const KEY_FILE_NAMES = {
  maskingKeys: 'masking-keys.json',
  payloadKeys: 'payload-keys.json',
  vaultPublicKey: 'vault-public.pem',
  vaultPrivateKey: 'vault-private.pem',
} as const;

/** Generates the first key of every kind. Rows show the id; a month suffices to distinguish keys. */
export async function generateKeys(keyId: string): Promise<KeyFiles> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: VAULT_KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    [KEY_FILE_NAMES.maskingKeys]: withNewKey({}, 'masking', keyId),
    [KEY_FILE_NAMES.payloadKeys]: withNewKey({}, 'payload', keyId),
    [KEY_FILE_NAMES.vaultPublicKey]: pair.publicKey,
    [KEY_FILE_NAMES.vaultPrivateKey]: pair.privateKey,
  };
}
