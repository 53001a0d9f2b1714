import { largestResultBytesOf, type StoredParts } from './history-budget.ts';

/** Temporal takes payloads of 2 MiB; the parts leave room for what is beside them. */
export const MAX_RESULT_BYTES = (2 * 1024 - 64) * 1024;
/** Messages differ: the next batch may compress less well than the one before. */
const MARGIN = 1.03;
/** A smaller batch tells little about how well a large one compresses. */
const TELLING_BYTES = 64 * 1024;

/**
 * How many bytes of messages to ask for, so that they fit a result when they are sealed: told by how well the batch before
 * did compress. What did not fit would have to be made visible again, and that was a delivery.
 */
export class ResultSizeLimit {
  bytes = MAX_RESULT_BYTES;

  saw(batch: StoredParts & { bytes: number }): void {
    if (batch.bytes < TELLING_BYTES) return;
    const sealedPerByte = largestResultBytesOf(batch) / batch.bytes;
    this.bytes = Math.floor(MAX_RESULT_BYTES / (sealedPerByte * MARGIN));
  }
}
