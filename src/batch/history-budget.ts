import type { ReceivedBatch } from './batch.ts';

/**
 * When a run has to continue as new. Nothing that is written to a history goes away again, so a batch is only
 * begun if everything that may still be written for it, and for the batches in hand, fits.
 */
export const MAX_HISTORY_EVENTS = 4_500;
export const MAX_HISTORY_BYTES = 9.5 * 1024 * 1024;

/** Events of one batch: four activities of three events, a workflow task after each. And their bytes, without payloads. */
const EVENTS_PER_BATCH = 24;
const EVENT_BYTES_PER_BATCH = 8_192;

/**
 * Bytes in history for each byte received, if nothing compresses: the batch as received, its bodies once
 * more as input of the masking or of the quarantine, its rows as result and as input of the insert.
 */
const WORST_BYTES_PER_BYTE = 3;
/** Messages differ: the next batch may compress less well than the one before. */
const MARGIN = 1.15;
/** By reference a batch is a larger part of its lane's quota: what of it is not used counts more. */
const MARGIN_BY_REFERENCE = 1.05;

/** SQS takes messages of 1 MiB; with a handle, one is as large as this. */
const MAX_MESSAGE_BYTES = 1024 * 1024 + 4_096;
/** A batch that may not be larger than this isn't worth its steps; with very many lanes it's better than none. */
const MIN_BATCH_BYTES = 128 * 1024;
const MIN_FIRST_BATCH_BYTES = 16 * 1024;
/** By reference a lane ends rather than begin a batch of less than this part of a full one, while the others wait. */
const MIN_PART_BY_REFERENCE = 1 / 4;
/** What a lane needs to take a message of any size. */
const WHOLE_QUOTA_BYTES = MAX_MESSAGE_BYTES * WORST_BYTES_PER_BYTE + EVENT_BYTES_PER_BATCH;

/** Not by reference, an insert may hold bodies and rows both: they stay below Temporal's 2 MiB a payload. */
const MAX_BYTES_BY_VALUE = 1024 * 1024;

/** Two masked values a message, which don't compress. */
const MASKED_BYTES_PER_MESSAGE = 66;

export type HistoryUse = { events: number; bytes: number };

export type StoredParts = Pick<ReceivedBatch, 'count' | 'ids' | 'bodies' | 'receiptHandles'>;

/**
 * What a batch takes in the history in all, told from its parts as they are sealed: each of them as a result and, if it
 * is not only named there, as an input; and its rows in the same way, which hold what the bodies hold and the masked values,
 * or its bodies once more on their way into quarantine.
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

/** Of a batch's results, told from its parts as they are sealed, the larger one: as it was received, or masked. */
export const largestResultBytesOf = ({ count, ids, bodies, receiptHandles }: StoredParts): number =>
  bodies.length + Math.max(ids.length + receiptHandles.length, MASKED_BYTES_PER_MESSAGE * count);

/** How often a part is in the history: as a result, and where it is not only named, as an input. */
export const copies = (byReference: boolean): number => (byReference ? 1 : 2);

/**
 * Each lane has a quota of the history, so that all of them work until the run continues as new: when room gets short
 * their batches get smaller, all at about the same time. The first lane's quota is enough for a message of any
 * size, however many lanes there are: so each run makes progress.
 */
export class HistoryBudget {
  /** Of the batches so far; handed on to the run that continues this one. */
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

  /** Reserves room for a lane's next batch, of up to so many bytes, or says that there is none. */
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
    const maxBytes = byReference
      ? this.#evenPart(room, maxBatchBytes)
      : Math.floor(Math.min(maxBatchBytes, MAX_BYTES_BY_VALUE, room / this.bytesPerByte));
    const eventsFit = used.events + this.#heldEvents + EVENTS_PER_BATCH <= MAX_HISTORY_EVENTS;
    const small = byReference ? maxBatchBytes * MIN_PART_BY_REFERENCE : MIN_BATCH_BYTES;
    const least = written > 0 ? small : MIN_FIRST_BATCH_BYTES;
    if (!eventsFit || maxBytes < Math.min(maxBatchBytes, least)) return undefined;
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
      // What was received is in the history by now; the rest of its way is still to come.
      received: (batch) => hold(historyBytesOf(batch, byReference) / 2),
      release: (writtenBytes, receivedBytes) => {
        hold(0);
        this.#heldEvents -= EVENTS_PER_BATCH;
        this.#writtenBytes.set(lane, written + writtenBytes + EVENT_BYTES_PER_BATCH);
        if (receivedBytes > 0) {
          // Told as if all parts were in the history twice.
          const twice = (writtenBytes * copies(false)) / copies(byReference);
          this.#expect(twice / receivedBytes);
        }
      },
    };
  }

  /** Tells from a batch that is not stored yet what the next ones will take. */
  learn(batch: StoredParts & { bytes: number }): void {
    this.#expect(historyBytesOf(batch, false) / batch.bytes);
  }

  #expect(bytesPerByte: number): void {
    this.bytesPerByte = Math.min(WORST_BYTES_PER_BYTE, Math.max(1, bytesPerByte * MARGIN));
  }

  /** As few batches as the room takes, all of a size: what is left over would be a small one. */
  #evenPart(room: number, maxBatchBytes: number): number {
    const share = (copies(true) / copies(false)) * (MARGIN_BY_REFERENCE / MARGIN);
    const bytesFit = room / (this.bytesPerByte * share);
    const batches = Math.max(1, Math.ceil(bytesFit / maxBatchBytes));
    return Math.floor(bytesFit / batches);
  }
}

export type Reservation = {
  /** Bytes of bodies and handles to ask for. */
  maxBytes: number;
  /** Bytes in the history that the batch may come to: the receiving step keeps to it. */
  maxHistoryBytes: number;
  /** Whether the steps are only told which parts they work on: what fits was told by it. */
  byReference: boolean;
  /** Whether a single message of any size fits. */
  anySize: boolean;
  received(batch: StoredParts): void;
  /** @param writtenBytes what the batch's payloads took in the history */
  release(writtenBytes: number, receivedBytes: number): void;
};
