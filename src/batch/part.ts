/**
 * A part is one sealed column group of a batch: message ids, bodies, receipt handles, or masked rows. Activities make
 * parts and open them; to the workflow they are bytes that it passes on. The life of a part:
 *
 *                seal                     result recorded                   last step done
 *   (values) ----------> sealed, cached ------------------> in the history -----------------> in the history only
 *                             |                                  |
 *                             | does not fit (byte-limits.ts)    | worker gone, cache full, ten minutes
 *                             v                                  v
 *                         dropped: fewer messages are         in the history only: the next step reads it from there
 *                         sealed, the rest become visible     (part-cache.ts) and caches it again
 *
 *   part            made by        opened by                      last needed by (part-lifetimes.ts)
 *   ids             receiveBatch   insertBatch                    the insert that leaves no row refused
 *   bodies          receiveBatch   maskBatch; insertBatch, when   the masking when it rejects nothing, else that insert
 *                                  messages are quarantined
 *   receiptHandles  receiveBatch   acknowledgeBatch               the acknowledgement
 *   masked          maskBatch      insertBatch                    that insert
 *
 * An activity input holds either the part itself or a reference to it: while one worker does all steps, references
 * (single-worker.ts), so that each part is in the history once. How many bytes a batch may have, so that its parts fit a
 * payload and the history, is in byte-limits.ts; when a run continues as new, in history-budget.ts.
 */
export type Part<T> = Uint8Array & { readonly holds?: T };

export type PartSealer = {
  seal<T>(value: T): Promise<Part<T>>;
  open<T>(part: Part<T>): Promise<T>;
};

/** The same for values that are JSON already. */
export type JsonSealer = {
  sealJson(json: string): Promise<Uint8Array>;
  openJson(part: Uint8Array): Promise<string>;
};

/** Layout of a part: magic (4 bytes), compression (1), length of the key id (1), key id, nonce (12), ciphertext, tag. */
const PART_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x31); // LEP1
const REFERENCE_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x52); // LEPR
const COMPRESSIONS = ['none', 'zstd'];
const COMPRESSION_AT = PART_MAGIC.length;
const KEY_ID_LENGTH_AT = COMPRESSION_AT + 1;
const KEY_ID_AT = KEY_ID_LENGTH_AT + 1;
const NONCE_BYTES = 12;

const text = new TextEncoder();
const fromText = new TextDecoder();

/** What a part is laid out from. The data begins with its nonce. */
export type SealedData = { keyId: string; compression: string; data: Uint8Array };

export function toPart({ keyId, compression, data }: SealedData): Uint8Array {
  const id = text.encode(keyId);
  const part = new Uint8Array(KEY_ID_AT + id.length + data.length);
  part.set(PART_MAGIC);
  part[COMPRESSION_AT] = COMPRESSIONS.indexOf(compression);
  part[KEY_ID_LENGTH_AT] = id.length;
  part.set(id, KEY_ID_AT);
  part.set(data, KEY_ID_AT + id.length);
  return part;
}

/** @throws Error when the bytes are not laid out as a part */
export function fromPart(part: Uint8Array): SealedData {
  if (!isSealedPart(part)) throw new Error('a part of a batch is not sealed as one');
  const dataAt = KEY_ID_AT + (part[KEY_ID_LENGTH_AT] ?? 0);
  return {
    keyId: fromText.decode(part.subarray(KEY_ID_AT, dataAt)),
    compression: COMPRESSIONS[part[COMPRESSION_AT] ?? 0] ?? '',
    data: part.subarray(dataAt),
  };
}

export const isSealedPart = (bytes: Uint8Array): boolean => startsWith(bytes, PART_MAGIC);

/** Exactly a nonce behind the magic: no other bytes leave for Temporal as a reference. */
export const isReference = (bytes: Uint8Array): boolean =>
  bytes.length === REFERENCE_MAGIC.length + NONCE_BYTES && startsWith(bytes, REFERENCE_MAGIC);

/** @param part sealed, or a reference */
export function referenceTo<T>(part: Part<T>): Part<T> {
  const reference = new Uint8Array(REFERENCE_MAGIC.length + NONCE_BYTES);
  reference.set(REFERENCE_MAGIC);
  reference.set(nonceOf(part), REFERENCE_MAGIC.length);
  return reference;
}

/** The same for a part and for a reference to it. */
export const partId = (part: Uint8Array): string =>
  Array.from(nonceOf(part), (byte) => byte.toString(16).padStart(2, '0')).join('');

function nonceOf(part: Uint8Array): Uint8Array {
  const at = isReference(part) ? REFERENCE_MAGIC.length : KEY_ID_AT + (part[KEY_ID_LENGTH_AT] ?? 0);
  return part.subarray(at, at + NONCE_BYTES);
}

const startsWith = (bytes: Uint8Array, magic: Uint8Array): boolean =>
  magic.every((byte, index) => bytes[index] === byte);
