import type { ReceivedBatch } from './batch.ts';

/**
 * Every limit in bytes: how large a batch may be, so that its results fit a payload and all of its steps fit the
 * history. Sizes are those of the sealed parts. The messages that come next may compress less well than the last ones,
 * so each forecast has a margin.
 */

/** Temporal takes payloads of 2 MiB; the rest is for what is beside the parts. */
export const MAX_RESULT_BYTES = (2 * 1024 - 64) * 1024;
/** Temporal ends a workflow at 50 MiB, and replays are slow long before that. */
export const MAX_HISTORY_BYTES = 9.5 * 1024 * 1024;
/** Events of one batch without their payloads. */
export const EVENT_BYTES_PER_BATCH = 8_192;

/** SQS takes messages of 1 MiB; this is one with its receipt handle. */
export const MAX_MESSAGE_BYTES = 1024 * 1024 + 4_096;
/**
 * Bytes in the history for each byte received, if nothing compresses: the batch as received, its bodies once more as
 * input of the masking or of the quarantine, its rows as a result and as input of the insert.
 */
export const WORST_BYTES_PER_BYTE = 3;
/** Two masked values a message, which do not compress. */
const MASKED_BYTES_PER_MESSAGE = 66;

/** Inputs that hold parts may hold bodies and rows both, which together stay below 2 MiB. */
const MAX_BYTES_BY_VALUE = 1024 * 1024;

/** A smaller batch is not worth its steps. */
const MIN_BATCH_BYTES = 128 * 1024;
/** A lane's first batch: with very many lanes, a small one is better than none. */
const MIN_FIRST_BATCH_BYTES = 16 * 1024;
/** By reference a lane ends rather than begin a batch of less than this share of a full one, while the others wait. */
const MIN_SHARE_BY_REFERENCE = 1 / 4;

/** On the forecast of what a batch takes in the history. */
const HISTORY_MARGIN = 1.15;
/** By reference a batch is a larger share of its lane's quota, so what it leaves unused counts for more. */
const HISTORY_MARGIN_BY_REFERENCE = 1.05;
/** On the forecast of what a batch takes in a result: one that does not fit is cut, and costs deliveries only. */
const RESULT_MARGIN = 1.03;
/** A batch of fewer bytes says little about how well a large one compresses. */
const TELLING_BYTES = 64 * 1024;

export type StoredParts = Pick<ReceivedBatch, 'count' | 'ids' | 'bodies' | 'receiptHandles'>;

/** How often a part is in the history: as a result, and where inputs hold parts, as an input. */
export const copies = (byReference: boolean): number => (byReference ? 1 : 2);

/**
 * What a batch takes in the history in all: each part as often as it is there, and for its rows as much as its bodies
 * and its masked values take; rejected bodies go to the insert in place of rows.
 */
export const historyBytesOf = (
  { count, ids, bodies, receiptHandles }: StoredParts,
  byReference: boolean,
): number =>
  copies(byReference) *
  (ids.length +
    bodies.length +
    receiptHandles.length +
    bodies.length +
    MASKED_BYTES_PER_MESSAGE * count);

/** The larger one of a batch's results: as received, or masked. */
const largestResultBytesOf = ({ count, ids, bodies, receiptHandles }: StoredParts): number =>
  bodies.length + Math.max(ids.length + receiptHandles.length, MASKED_BYTES_PER_MESSAGE * count);

/** How much of a received batch fits the history and a result; 1 or more when all of it does. */
export const fittingShare = (
  stored: StoredParts,
  maxHistoryBytes: number,
  byReference: boolean,
): number =>
  Math.min(
    maxHistoryBytes / historyBytesOf(stored, byReference),
    MAX_RESULT_BYTES / largestResultBytesOf(stored),
  );

/** Limits the next receive so that its result fits, from how well the last batch compressed. */
export class ResultSizeLimit {
  bytes = MAX_RESULT_BYTES;

  saw(batch: StoredParts & { bytes: number }): void {
    if (batch.bytes < TELLING_BYTES) return;
    const sealedPerByte = largestResultBytesOf(batch) / batch.bytes;
    this.bytes = Math.floor(MAX_RESULT_BYTES / (sealedPerByte * RESULT_MARGIN));
  }
}

/** History bytes to expect for each byte of the next batch, from those of the last one with every part there twice. */
export const expectedBytesPerByte = (bytesPerByte: number): number =>
  Math.min(WORST_BYTES_PER_BYTE, Math.max(1, bytesPerByte * HISTORY_MARGIN));

/** Bytes to ask for, given room in the history. By reference the room is divided into equal batches, as few as it takes. */
export function batchBytesFor(
  room: number,
  bytesPerByte: number,
  maxBatchBytes: number,
  byReference: boolean,
): number {
  if (!byReference) {
    return Math.floor(Math.min(maxBatchBytes, MAX_BYTES_BY_VALUE, room / bytesPerByte));
  }
  const share = (copies(true) / copies(false)) * (HISTORY_MARGIN_BY_REFERENCE / HISTORY_MARGIN);
  const bytesFit = room / (bytesPerByte * share);
  const batches = Math.max(1, Math.ceil(bytesFit / maxBatchBytes));
  return Math.floor(bytesFit / batches);
}

/** A lane ends when its next batch could not have as many bytes as this. */
export function leastBatchBytes(
  maxBatchBytes: number,
  isFirstOfLane: boolean,
  byReference: boolean,
): number {
  const small = byReference ? maxBatchBytes * MIN_SHARE_BY_REFERENCE : MIN_BATCH_BYTES;
  return Math.min(maxBatchBytes, isFirstOfLane ? MIN_FIRST_BATCH_BYTES : small);
}
