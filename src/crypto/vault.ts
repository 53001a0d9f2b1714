import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

/**
 * The vault's envelope: AES-256-GCM under a data key of its batch, the data key under the vault's public
 * key (RSA-OAEP with SHA-256, as AWS KMS has it). The job can seal; only the private key opens.
 *
 * A sealed value: version (1 byte), length of the wrapped key (2 bytes, big endian), wrapped key, nonce (12),
 * ciphertext, tag (16). The context (a message id, say) is authenticated, so that sealed values can't be swapped.
 */
const VERSION = 1;
const HEADER_BYTES = 3;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OAEP = { oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING } as const;

export type VaultPublicKey = { id: string; key: KeyObject };

/** @throws an Error that names the rule, for what is no RSA public key of at least 2,048 bits */
export function parseVaultPublicKey(pem: string): VaultPublicKey {
  if (pem.includes('PRIVATE KEY')) {
    throw new Error('holds a private key: the job must only have the public one');
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Error('is not a public key in PEM form');
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Error('is not an RSA key of at least 2048 bits');
  }
  return { id: vaultKeyId(key), key };
}

/** The first 16 hex digits of the SHA-256 of the public key (DER): enough to tell keys apart. */
export function vaultKeyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

export type Sealer = { keyId: string; seal(plaintext: string, context: string): Buffer };

/** Makes a data key and wraps it once: one sealer a batch. */
export function newSealer(vault: VaultPublicKey): Sealer {
  const dataKey = randomBytes(32);
  const wrappedKey = publicEncrypt({ key: vault.key, ...OAEP }, dataKey);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(VERSION, 0);
  header.writeUInt16BE(wrappedKey.length, 1);
  return {
    keyId: vault.id,
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', dataKey, nonce);
      cipher.setAAD(Buffer.from(context, 'utf8'));
      const body = [cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat([header, wrappedKey, nonce, ...body]);
    },
  };
}

/** Opens what a sealer sealed. @throws when the key, the context or a single bit is another */
export function openSealed(sealed: Buffer, privateKey: KeyObject, context: string): string {
  if (sealed.readUInt8(0) !== VERSION)
    throw new Error('sealed with a version this one does not know');
  const wrappedEnd = HEADER_BYTES + sealed.readUInt16BE(1);
  const wrappedKey = sealed.subarray(HEADER_BYTES, wrappedEnd);
  const dataKey = privateDecrypt({ key: privateKey, ...OAEP }, wrappedKey);
  const nonce = sealed.subarray(wrappedEnd, wrappedEnd + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', dataKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = sealed.subarray(wrappedEnd + NONCE_BYTES, sealed.length - TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
}
