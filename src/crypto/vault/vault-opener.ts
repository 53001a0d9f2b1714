import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { openAesGcm } from '../aes-gcm.ts';
import { bodyContextOf, OAEP, type VaultPublicKey, vaultKeyId } from './vault-envelope.ts';

/** The vault's private key, in a PEM file or in AWS KMS. */
export type VaultPrivateKey = {
  /** The id of its public key (`vaultKeyId`). */
  id: string;
  /** The public key of the pair, for resealing. */
  publicKey: VaultPublicKey;
  unwrap(wrappedKey: Buffer): Promise<KeyObject>;
};

/** @throws Error naming the rule unless the PEM is an RSA private key */
export function parseVaultPrivateKey(pem: string): VaultPrivateKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error(
      pem.includes('PUBLIC KEY')
        ? 'holds the public key: it seals, and only the private one opens'
        : 'is not a private key in PEM form, without a passphrase',
    );
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Error('is not an RSA key');
  const publicKey = createPublicKey(key);
  const id = vaultKeyId(publicKey);
  return {
    id,
    publicKey: { id, key: publicKey },
    unwrap: async (wrappedKey) => createSecretKey(privateDecrypt({ key, ...OAEP }, wrappedKey)),
  };
}

/** Opens the result of `sealBody`. @throws Error when the key or the message id differs, or a bit was changed */
export async function openBody(
  sealed: Buffer,
  privateKey: VaultPrivateKey,
  messageId: string,
): Promise<string> {
  const context = bodyContextOf(sealed.readUInt8(0), messageId);
  if (context === undefined) throw new Error('the body is sealed with an unknown version');
  const wrappedEnd = 3 + sealed.readUInt16BE(1);
  const dataKey = await privateKey.unwrap(sealed.subarray(3, wrappedEnd));
  return openAesGcm(sealed.subarray(wrappedEnd), dataKey, context).toString();
}
