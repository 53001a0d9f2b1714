import {
  batchBytesFor,
  copies,
  EVENT_BYTES_PER_BATCH,
  expectedBytesPerByte,
  historyBytesOf,
  leastBatchBytes,
  MAX_HISTORY_BYTES,
  MAX_MESSAGE_BYTES,
  type StoredParts,
  WORST_BYTES_PER_BYTE,
} from './byte-limits.ts';

/**
 * Decides when a run has to continue as new. A history never shrinks, so a batch only begins when all events that it and
 * the batches in progress may still write fit.
 */
export const MAX_HISTORY_EVENTS = 4_500;

/** Four activities with three events each, and a workflow task after each. */
const EVENTS_PER_BATCH = 24;

/** Enough for a message of any size. */
const WHOLE_QUOTA_BYTES = MAX_MESSAGE_BYTES * WORST_BYTES_PER_BYTE + EVENT_BYTES_PER_BATCH;

export type HistoryUse = { events: number; bytes: number };

/**
 * Gives each lane a quota of the history, so that all lanes work until the run continues as new and their batches get
 * smaller at about the same time. The first lane's quota always fits a message of any size, so that each run makes
 * progress with any number of lanes.
 */
export class HistoryBudget {
  /** History bytes per received byte so far; passed to the run that continues this one. */
  bytesPerByte: number;
  readonly #quotaBytes: (lane: number) => number;
  readonly #writtenBytes = new Map<number, number>();
  #heldBytes = 0;
  #heldEvents = 0;

  constructor(lanes: number, bytesPerByte = WORST_BYTES_PER_BYTE) {
    this.bytesPerByte = bytesPerByte;
    const even = MAX_HISTORY_BYTES / lanes;
    const others = (MAX_HISTORY_BYTES - WHOLE_QUOTA_BYTES) / Math.max(lanes - 1, 1);
    this.#quotaBytes = (lane) => {
      if (even >= WHOLE_QUOTA_BYTES) return even;
      return lane === 1 ? WHOLE_QUOTA_BYTES : others;
    };
  }

  /** Reserves room for a lane's next batch of up to `maxBatchBytes`; undefined when there is none. */
  reserve(
    lane: number,
    used: HistoryUse,
    maxBatchBytes: number,
    byReference = false,
  ): Reservation | undefined {
    const written = this.#writtenBytes.get(lane) ?? 0;
    const room =
      Math.min(MAX_HISTORY_BYTES - used.bytes - this.#heldBytes, this.#quotaBytes(lane) - written) -
      EVENT_BYTES_PER_BATCH;
    const maxBytes = batchBytesFor(room, this.bytesPerByte, maxBatchBytes, byReference);
    const eventsFit = used.events + this.#heldEvents + EVENTS_PER_BATCH <= MAX_HISTORY_EVENTS;
    const least = leastBatchBytes(maxBatchBytes, written === 0, byReference);
    if (!eventsFit || maxBytes < least) return undefined;
    let held = Math.floor(room);
    const hold = (bytes: number) => {
      this.#heldBytes += bytes - held;
      held = bytes;
    };
    this.#heldBytes += held;
    this.#heldEvents += EVENTS_PER_BATCH;
    return {
      maxBytes,
      maxHistoryBytes: held,
      byReference,
      anySize: room >= MAX_MESSAGE_BYTES * WORST_BYTES_PER_BYTE,
      // The history has the received parts by now; the results of the other steps follow.
      received: (batch) => hold(historyBytesOf(batch, byReference) / 2),
      release: (writtenBytes, receivedBytes) => {
        hold(0);
        this.#heldEvents -= EVENTS_PER_BATCH;
        this.#writtenBytes.set(lane, written + writtenBytes + EVENT_BYTES_PER_BATCH);
        if (receivedBytes > 0) {
          const twice = (writtenBytes * copies(false)) / copies(byReference);
          this.bytesPerByte = expectedBytesPerByte(twice / receivedBytes);
        }
      },
    };
  }

  /** Adjusts the forecast from a batch that is received but not stored yet. */
  learn(batch: StoredParts & { bytes: number }): void {
    this.bytesPerByte = expectedBytesPerByte(historyBytesOf(batch, false) / batch.bytes);
  }
}

export type Reservation = {
  /** Bytes of bodies and handles to ask for. */
  maxBytes: number;
  /** Bytes that the batch may take in the history; `receiveBatch` enforces this. */
  maxHistoryBytes: number;
  /** Whether the batch's inputs hold references instead of parts; the reservation depends on it. */
  byReference: boolean;
  /** Whether a single message of any size fits. */
  anySize: boolean;
  received(batch: StoredParts): void;
  /** @param writtenBytes what the batch's payloads took in the history */
  release(writtenBytes: number, receivedBytes: number): void;
};
