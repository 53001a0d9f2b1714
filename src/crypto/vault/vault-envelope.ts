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
import { NONCE_BYTES, sealAesGcm } from '../aes-gcm.ts';

/**
 * The vault's envelope: a data key per batch seals the values, and the vault's public key wraps the data key (RSA-OAEP with
 * SHA-256, as in AWS KMS). The job can only seal; opening needs the private key (`vault-opener.ts`).
 */
export const OAEP = { oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING } as const;

export type VaultPublicKey = { id: string; key: KeyObject };

/** @throws Error naming the rule unless the PEM is an RSA public key of at least 2,048 bits */
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

/** The first 16 hex digits of the SHA-256 of the public key (DER), which suffice to distinguish keys. */
export function vaultKeyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/** Binds an original to its masked value, so that it can't be used for another one. */
export const originalContext = (field: MaskedField, maskedHex: string): string =>
  `${field}:${maskedHex}`;

type DataKey = {
  /** The id of the vault key that wraps this data key. */
  vaultKeyId: string;
  wrappedKey: Buffer;
  /** See `sealAesGcm`. */
  seal(plaintext: string, context: string): Buffer;
};

/** Counts from 0, so that no nonce is used twice with a data key (NIST SP 800-38D, 8.2.1). */
function nonce(count: number): Buffer {
  const bytes = Buffer.alloc(NONCE_BYTES);
  bytes.writeUInt32BE(count, NONCE_BYTES - 4);
  return bytes;
}

/** Generates and wraps a data key for a batch. */
export function newDataKey(vault: VaultPublicKey): DataKey {
  const secret = randomBytes(32);
  const key = createSecretKey(secret);
  let count = 0;
  return {
    vaultKeyId: vault.id,
    wrappedKey: publicEncrypt({ key: vault.key, ...OAEP }, secret),
    seal: (plaintext, context) => sealAesGcm(plaintext, { key, nonce: nonce(count++), context }),
  };
}

/**
 * A quarantined body: version (1 byte), length of the wrapped key (2 bytes, big endian), wrapped key, sealed body.
 * Version 1 authenticated only the message id; version 2 adds the purpose, so that a value of the vault can't be used as a
 * body.
 */
const BODY_VERSION = 2;

const bodyContext = (messageId: string): string => `login-etl/quarantine/2:${messageId}`;

/** @returns undefined for an unknown version, or a message id that version 1 did not allow */
export function bodyContextOf(version: number, messageId: string): string | undefined {
  if (version === BODY_VERSION) return bodyContext(messageId);
  // The context of a vault value begins with a field's name.
  return version === 1 && !messageId.includes(':') ? messageId : undefined;
}

export function sealBody(dataKey: DataKey, body: string, messageId: string): Buffer {
  const header = Buffer.from([BODY_VERSION, 0, 0]);
  header.writeUInt16BE(dataKey.wrappedKey.length, 1);
  return Buffer.concat([header, dataKey.wrappedKey, dataKey.seal(body, bodyContext(messageId))]);
}
