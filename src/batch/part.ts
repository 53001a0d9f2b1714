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
 *   receipt         insertBatch    insertBatch, acknowledgeBatch  the acknowledgement
 *
 * Only what a receipt confirms as committed, for exactly this batch, and what the database still has is deleted from the
 * queue. Namespace, workflow, kind and batch are authenticated with each part, so none can be used in another workflow or in
 * place of another.
 *
 * An activity input holds either the part itself or a reference to it, so that each part is in the history once: the worker
 * that received a batch runs its steps. In runs of builds up to 0.3.0, inputs hold references only while one worker does all
 * steps (single-worker.ts). How many bytes a batch may have, so that its parts fit a payload and the history, is in
 * byte-limits.ts; when a run continues as new, in history-budget.ts.
 */
export type Part<T> = Uint8Array & { readonly holds?: T };

/** batch.ts has the contents of each kind. The layout stores the position in this list: append new kinds. */
const KINDS = ['ids', 'bodies', 'receiptHandles', 'masked', 'receipt'] as const;
export type PartKind = (typeof KINDS)[number];

/** The only workflow that can use the part. */
export type Owner = { namespace: string; workflowId: string };

/** Identifies the part and its batch. Authenticated, as the owner is. */
export type PartIdentity = {
  kind: PartKind;
  /** Random, in hex. The parts of one receive share it, and so do the parts derived from them. */
  batch: string;
};

/** The identity is undefined for parts of builds before 0.4, which bound them to nothing. */
type OpenedJson = { json: string; identity: PartIdentity | undefined };

export type JsonSealer = {
  sealJson(owner: Owner, identity: PartIdentity, json: string): Promise<Uint8Array>;
  /** @throws Error when it does not belong to the owner */
  openJson(owner: Owner, part: Uint8Array): Promise<OpenedJson>;
};

export type SealPart = <T>(identity: PartIdentity, value: T) => Promise<Part<T>>;

/**
 * Layout: magic (4 bytes), compression (1), length of the key id (1), key id, kind (1), batch (16), nonce (12),
 * ciphertext, tag (16). Parts of builds before 0.4 (LEP1) have no kind and batch.
 */
const MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x32); // LEP2
const UNBOUND_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x31); // LEP1
const REFERENCE_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x53); // LEPS
const UNBOUND_REFERENCE_MAGIC = Uint8Array.of(0x4c, 0x45, 0x50, 0x52); // LEPR
const COMPRESSIONS = ['none', 'zstd'];
const COMPRESSION_AT = MAGIC.length;
const KEY_ID_LENGTH_AT = COMPRESSION_AT + 1;
const KEY_ID_AT = KEY_ID_LENGTH_AT + 1;
const BATCH_BYTES = 16;
const IDENTITY_BYTES = 1 + BATCH_BYTES;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const text = new TextEncoder();
const fromText = new TextDecoder();

/** The data begins with its nonce and ends with its tag. */
type SealedData = { keyId: string; compression: string; data: Uint8Array };

export function toPart({ kind, batch }: PartIdentity, sealed: SealedData): Uint8Array {
  const { keyId, compression, data } = sealed;
  const id = text.encode(keyId);
  const part = new Uint8Array(KEY_ID_AT + id.length + IDENTITY_BYTES + data.length);
  part.set(MAGIC);
  part[COMPRESSION_AT] = COMPRESSIONS.indexOf(compression);
  part[KEY_ID_LENGTH_AT] = id.length;
  part.set(id, KEY_ID_AT);
  part[KEY_ID_AT + id.length] = KINDS.indexOf(kind);
  part.set(fromHex(batch), KEY_ID_AT + id.length + 1);
  part.set(data, KEY_ID_AT + id.length + IDENTITY_BYTES);
  return part;
}

/** @throws Error when the bytes are not laid out as a part */
export function fromPart(part: Uint8Array): SealedData & { identity: PartIdentity | undefined } {
  const kind = KINDS[part[identityAt(part)] ?? -1];
  if (!isSealedPart(part) || (isBound(part) && kind === undefined)) {
    throw new Error('a part of a batch is not sealed as one');
  }
  const at = identityAt(part);
  return {
    keyId: fromText.decode(part.subarray(KEY_ID_AT, at)),
    compression: COMPRESSIONS[part[COMPRESSION_AT] ?? 0] ?? '',
    data: part.subarray(dataAt(part)),
    identity:
      kind && isBound(part)
        ? { kind, batch: toHex(part.subarray(at + 1, at + IDENTITY_BYTES)) }
        : undefined,
  };
}

export const isSealedPart = (bytes: Uint8Array): boolean =>
  startsWith(bytes, MAGIC) || startsWith(bytes, UNBOUND_MAGIC);

/** Neither a part nor a reference of a build before 0.4. */
export const isBound = (bytes: Uint8Array): boolean =>
  startsWith(bytes, MAGIC) || startsWith(bytes, REFERENCE_MAGIC);

/** Checks the exact length, so that no other bytes can leave for Temporal as a reference. */
export const isReference = (bytes: Uint8Array): boolean =>
  (startsWith(bytes, REFERENCE_MAGIC) &&
    bytes.length === REFERENCE_MAGIC.length + NONCE_BYTES + TAG_BYTES) ||
  (startsWith(bytes, UNBOUND_REFERENCE_MAGIC) &&
    bytes.length === UNBOUND_REFERENCE_MAGIC.length + NONCE_BYTES);

/** @param part sealed, or a reference */
export function referenceTo<T>(part: Part<T>): Part<T> {
  const magic = isBound(part) ? REFERENCE_MAGIC : UNBOUND_REFERENCE_MAGIC;
  const id = idOf(part);
  const reference = new Uint8Array(magic.length + id.length);
  reference.set(magic);
  reference.set(id, magic.length);
  return reference;
}

/** Nonce and tag, equal for a part and a reference to it. Nobody can produce them for other values without the key. */
export const partId = (part: Uint8Array): string => toHex(idOf(part));

function idOf(part: Uint8Array): Uint8Array {
  if (isReference(part)) return part.subarray(REFERENCE_MAGIC.length);
  const nonce = part.subarray(dataAt(part), dataAt(part) + NONCE_BYTES);
  if (!isBound(part)) return nonce;
  const id = new Uint8Array(NONCE_BYTES + TAG_BYTES);
  id.set(nonce);
  id.set(part.subarray(-TAG_BYTES), NONCE_BYTES);
  return id;
}

const identityAt = (part: Uint8Array): number => KEY_ID_AT + (part[KEY_ID_LENGTH_AT] ?? 0);

const dataAt = (part: Uint8Array): number =>
  identityAt(part) + (isBound(part) ? IDENTITY_BYTES : 0);

const startsWith = (bytes: Uint8Array, magic: Uint8Array): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

/** Workflows have no Buffer. */
const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const fromHex = (hex: string): number[] =>
  Array.from({ length: BATCH_BYTES }, (_, at) =>
    Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
