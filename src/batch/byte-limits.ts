import type { ReceivedBatch } from './batch.ts';

/**
 * All limits in bytes: the size of a batch whose results fit a payload and whose steps fit the history. Sizes are those
 * of sealed parts. The next messages may compress worse than the last ones, so each forecast has a margin.
 */

/** Temporal accepts payloads of 2 MiB; the rest is for the fields beside the parts. */
export const MAX_RESULT_BYTES = (2 * 1024 - 64) * 1024;
/** Temporal ends a workflow at 50 MiB, and replays are slow long before that. */
export const MAX_HISTORY_BYTES = 9.5 * 1024 * 1024;
/** Events of one batch without their payloads. */
export const EVENT_BYTES_PER_BATCH = 8_192;

/** SQS accepts messages of 1 MiB; this includes the receipt handle. */
export const MAX_MESSAGE_BYTES = 1024 * 1024 + 4_096;
/**
 * Bytes in the history per byte received if nothing compresses: the batch as received, its bodies as input of the masking
 * or the quarantine, and its rows as a result and as input of the insert.
 */
export const WORST_BYTES_PER_BYTE = 3;
/** Two masked values, which do not compress. */
const MASKED_BYTES_PER_MESSAGE = 66;

/** An input that holds parts may hold both bodies and rows, which together must stay below 2 MiB. */
const MAX_BYTES_BY_VALUE = 1024 * 1024;

/** A smaller batch costs more steps than it is worth. */
const MIN_BATCH_BYTES = 128 * 1024;
/** For a lane's first batch: with very many lanes, a small batch is better than none. */
const MIN_FIRST_BATCH_BYTES = 16 * 1024;
/** By reference, a lane ends when its next batch would be smaller than this share of a full one. */
const MIN_SHARE_BY_REFERENCE = 1 / 4;

/** Margin of the forecast of a batch's bytes in the history. */
const HISTORY_MARGIN = 1.15;
/** By reference a batch takes a larger share of its lane's quota, so an unused margin costs more. */
const HISTORY_MARGIN_BY_REFERENCE = 1.05;
/** Margin of the forecast of a result's bytes. A batch that does not fit is cut, which only costs deliveries. */
const RESULT_MARGIN = 1.03;
/** Smaller batches do not predict how well large ones compress. */
const MIN_SAMPLE_BYTES = 64 * 1024;

export type StoredParts = Pick<ReceivedBatch, 'count' | 'ids' | 'bodies' | 'receiptHandles'>;

/** How often a part is in the history: as a result and, unless inputs hold references, as an input. */
export const copies = (byReference: boolean): number => (byReference ? 1 : 2);

/**
 * The bytes of a batch in the history over all its steps. Rows are estimated as the size of the bodies plus the masked
 * values; rejected bodies go to the insert instead of rows.
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

/** The larger of a batch's two large results: as received, or masked. */
const largestResultBytesOf = ({ count, ids, bodies, receiptHandles }: StoredParts): number =>
  bodies.length + Math.max(ids.length + receiptHandles.length, MASKED_BYTES_PER_MESSAGE * count);

/** The share of a received batch that fits both the history and a result; 1 or more when all of it fits. */
export const fittingShare = (
  stored: StoredParts,
  maxHistoryBytes: number,
  byReference: boolean,
): number =>
  Math.min(
    maxHistoryBytes / historyBytesOf(stored, byReference),
    MAX_RESULT_BYTES / largestResultBytesOf(stored),
  );

/** Limits the next receive so that its result fits, based on how well the last batch compressed. */
export class ResultSizeLimit {
  bytes = MAX_RESULT_BYTES;

  saw(batch: StoredParts & { bytes: number }): void {
    if (batch.bytes < MIN_SAMPLE_BYTES) return;
    const sealedPerByte = largestResultBytesOf(batch) / batch.bytes;
    this.bytes = Math.floor(MAX_RESULT_BYTES / (sealedPerByte * RESULT_MARGIN));
  }
}

/** Forecasts the next batch's history bytes per byte from those of the last one, counting every part twice. */
export const expectedBytesPerByte = (bytesPerByte: number): number =>
  Math.min(WORST_BYTES_PER_BYTE, Math.max(1, bytesPerByte * HISTORY_MARGIN));

/** Bytes to request, given the room in the history. By reference, the room is split into as few equal batches as possible. */
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

/** A lane ends when its next batch would have to be smaller than this. */
export function leastBatchBytes(
  maxBatchBytes: number,
  isFirstOfLane: boolean,
  byReference: boolean,
): number {
  const small = byReference ? maxBatchBytes * MIN_SHARE_BY_REFERENCE : MIN_BATCH_BYTES;
  return Math.min(maxBatchBytes, isFirstOfLane ? MIN_FIRST_BATCH_BYTES : small);
}
