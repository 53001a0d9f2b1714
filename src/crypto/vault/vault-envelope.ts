import {
  constants,
  createHash,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import type { MaskedField } from '../../domain/login/login-columns.ts';
import { seal } from './sealed-value.ts';

/**
 * The vault's envelope: values are sealed with a data key of their batch, the data key with the vault's public key
 * (RSA-OAEP with SHA-256, as AWS KMS has it). The job can seal; only the private key opens (`vault-opener.ts`).
 */
export const OAEP = { oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING } as const;

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

/** What an original in the vault is bound to: it can't be passed off as that of another masked value. */
export const originalContext = (field: MaskedField, maskedHex: string): string =>
  `${field}:${maskedHex}`;

export type DataKey = {
  /** Of the vault's key that wraps this one. */
  vaultKeyId: string;
  wrappedKey: Buffer;
  /** `sealed-value.ts` says what it looks like. */
  seal(plaintext: string, context: string): Buffer;
};

/** Makes a data key and wraps it: one a batch. */
export function newDataKey(vault: VaultPublicKey): DataKey {
  const secret = randomBytes(32);
  const key = createSecretKey(secret);
  let count = 0;
  return {
    vaultKeyId: vault.id,
    wrappedKey: publicEncrypt({ key: vault.key, ...OAEP }, secret),
    seal: (plaintext, context) => seal(plaintext, key, context, count++),
  };
}

/** First byte of what stands alone, with its wrapped key before it: version, length (2 bytes, big endian), key, sealed. */
export const ENVELOPE_VERSION = 1;

/** A sealed value with all that the private key's holder needs: a quarantined body. */
export function sealAlone(dataKey: DataKey, plaintext: string, context: string): Buffer {
  const header = Buffer.from([ENVELOPE_VERSION, 0, 0]);
  header.writeUInt16BE(dataKey.wrappedKey.length, 1);
  return Buffer.concat([header, dataKey.wrappedKey, dataKey.seal(plaintext, context)]);
}
