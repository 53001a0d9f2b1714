import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export const MASKED_FIELDS = ['ip', 'device_id'] as const;
export type MaskedField = (typeof MASKED_FIELDS)[number];

export type MaskingMode = 'hmac-sha256' | 'sha256';

/** The key id of rows made without a key. No masking key may be called so. */
export const UNKEYED_ID = 'sha256';

export type Masker = {
  /** Goes beside the masked value, so that a later key can be told from this one. */
  keyId: string;
  /** Lower-case hex, 64 characters; equal values of one field give equal results. */
  mask(field: MaskedField, value: string): string;
};

/**
 * Plain SHA-256 in hex, as data from before has it. Anyone can reverse it for an IPv4 address by trying
 * all of them, which takes minutes: for compatibility only.
 */
export const sha256Masker: Masker = {
  keyId: UNKEYED_ID,
  mask: (_field, value) => createHash('sha256').update(value).digest('hex'),
};

/**
 * HMAC-SHA-256 with a subkey per field (HKDF, RFC 5869), so that equal strings in different fields don't
 * match. The subkeys are prepared once: an HMAC with a raw key costs several times as much.
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
