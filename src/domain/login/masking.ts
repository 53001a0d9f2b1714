import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { MASKED_FIELDS, type MaskedField } from './login-columns.ts';

export type MaskingMode = 'hmac-sha256' | 'sha256';

/** The key id of rows masked without a key. */
export const UNKEYED_ID = 'sha256';

/** The key id of rows that were in `user_logins` before login-etl: probably masked with SHA-256, without a key. */
export const ADOPTED_ID = 'adopted';

/** No masking key may have one of these ids. */
export const IDS_WITHOUT_KEY: readonly string[] = [UNKEYED_ID, ADOPTED_ID];

export type Masker = {
  /** Stored with the masked value, to distinguish rows of different keys. */
  keyId: string;
  /** Lower-case hex, 64 characters; equal values of one field give equal results. */
  mask(field: MaskedField, value: string): string;
};

/**
 * Plain SHA-256 in hex, only for compatibility with existing data: trying all IPv4 addresses reverses it in minutes.
 */
export const sha256Masker: Masker = {
  keyId: UNKEYED_ID,
  mask: (_field, value) => createHash('sha256').update(value).digest('hex'),
};

/** Finds adopted rows whose values are hex SHA-256. It masks no new ones. */
export const adoptedMasker: Masker = { ...sha256Masker, keyId: ADOPTED_ID };

/**
 * HMAC-SHA-256 with a subkey per field (HKDF, RFC 5869), so that equal strings in different fields don't match. The
 * subkeys are derived once: an HMAC with a raw key costs several times as much.
 */
export function hmacMasker(key: { id: string; secret: Uint8Array }): Masker {
  const subkeys = Object.fromEntries(
    MASKED_FIELDS.map((field) => [field, fieldKey(key.secret, field)]),
  ) as Record<MaskedField, KeyObject>;
  return {
    keyId: key.id,
    mask: (field, value) => createHmac('sha256', subkeys[field]).update(value).digest('hex'),
  };
}

function fieldKey(secret: Uint8Array, field: MaskedField): KeyObject {
  const derived = hkdfSync('sha256', secret, new Uint8Array(0), `login-etl/mask/${field}`, 32);
  return createSecretKey(Buffer.from(derived));
}
