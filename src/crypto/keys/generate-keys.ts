import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { withNewKey } from './add-key.ts';

const VAULT_KEY_BITS = 3072;

/** File name to content, as `login-etl keys generate` writes them. Only the public key is no secret. */
export type KeyFiles = Readonly<Record<string, string>>;

export const KEY_FILE_NAMES = {
  maskingKeys: 'masking-keys.json',
  payloadKeys: 'payload-keys.json',
  vaultPublicKey: 'vault-public.pem',
  vaultPrivateKey: 'vault-private.pem',
} as const;

/** A first key of every kind. The id is what people will see in rows: a month is enough to tell keys apart. */
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
