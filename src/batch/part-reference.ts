import type { Part } from './parts-payload.ts';

/**
 * A part in an activity's input may stand for one that the history has already, as a result: that one is told by the
 * nonce it was sealed with, 96 random bits. `crypto/part-sealer.ts` says how a part is laid out.
 */
export const PART_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x31); // LEP1
const REFERENCE_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x52); // LEPR
const KEY_ID_LENGTH_AT = PART_MAGIC.length + 1;
export const KEY_ID_AT = KEY_ID_LENGTH_AT + 1;
export const NONCE_BYTES = 12;

export const isSealedPart = (bytes: Uint8Array): boolean => startsWith(bytes, PART_MAGIC);

/** A nonce and no more: nothing else gets out to Temporal in its guise. */
export const isReference = (bytes: Uint8Array): boolean =>
  bytes.length === REFERENCE_MAGIC.length + NONCE_BYTES && startsWith(bytes, REFERENCE_MAGIC);

/** @param part sealed, or a reference */
export function referenceTo<T>(part: Part<T>): Part<T> {
  const reference = new Uint8Array(REFERENCE_MAGIC.length + NONCE_BYTES);
  reference.set(REFERENCE_MAGIC);
  reference.set(nonceOf(part), REFERENCE_MAGIC.length);
  return reference;
}

/** The same for a part and for its reference. */
export const partId = (part: Uint8Array): string =>
  Array.from(nonceOf(part), (byte) => byte.toString(16).padStart(2, '0')).join('');

function nonceOf(part: Uint8Array): Uint8Array {
  const at = isReference(part) ? REFERENCE_MAGIC.length : KEY_ID_AT + (part[KEY_ID_LENGTH_AT] ?? 0);
  return part.subarray(at, at + NONCE_BYTES);
}

const startsWith = (bytes: Uint8Array, magic: Uint8Array): boolean =>
  magic.every((byte, index) => bytes[index] === byte);
