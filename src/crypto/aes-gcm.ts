import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

export const CIPHER = 'aes-256-gcm';
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM. The result is nonce, ciphertext and tag.
 * @param nonce never used twice with the same key; random by default
 * @param context authenticated with the data, so that a sealed value cannot be moved to another place
 */
export function sealAesGcm(
  plain: Uint8Array | string,
  {
    key,
    nonce = randomBytes(NONCE_BYTES),
    context,
  }: { key: KeyObject; nonce?: Uint8Array; context: string },
): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when the key or the context differs, or a bit was changed */
export function openAesGcm(sealed: Uint8Array, key: KeyObject, context: string): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}
