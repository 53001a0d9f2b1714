/**
 * When a run has to continue as new. Nothing that is written to a history goes away again, so a batch is only
 * begun if everything that may still be written for it, and for the batches in hand, fits.
 */
export const MAX_HISTORY_EVENTS = 4_500;
export const MAX_HISTORY_BYTES = 9.5 * 1024 * 1024;

/** Events of one batch: four activities of three events, a workflow task after each. */
const EVENTS_PER_BATCH = 24;

/**
 * Bytes in history for each byte received, if nothing compresses: the batch as received, its bodies once
 * more as input of the masking or of the quarantine, its rows as result and as input of the insert.
 */
const HISTORY_BYTES_PER_RECEIVED_BYTE = 3;

export type HistoryUse = { events: number; bytes: number };

/** What the batches in hand may still write. */
export class HistoryBudget {
  #reservedBytes = 0;
  #reservedEvents = 0;

  /** Reserves room for a batch of up to so many bytes, or says that there is none. */
  reserve(used: HistoryUse, batchBytes: number): Reservation | undefined {
    const bytes = batchBytes * HISTORY_BYTES_PER_RECEIVED_BYTE;
    const fits =
      used.bytes + this.#reservedBytes + bytes <= MAX_HISTORY_BYTES &&
      used.events + this.#reservedEvents + EVENTS_PER_BATCH <= MAX_HISTORY_EVENTS;
    if (!fits) return undefined;
    let held = bytes;
    this.#reservedBytes += bytes;
    this.#reservedEvents += EVENTS_PER_BATCH;
    return {
      received: (receivedBytes) => {
        // What was received is in the history by now; the rest of its way is still to come.
        const remaining = receivedBytes * (HISTORY_BYTES_PER_RECEIVED_BYTE - 1);
        this.#reservedBytes += remaining - held;
        held = remaining;
      },
      release: () => {
        this.#reservedBytes -= held;
        this.#reservedEvents -= EVENTS_PER_BATCH;
        held = 0;
      },
    };
  }
}

export type Reservation = { received(bytes: number): void; release(): void };
