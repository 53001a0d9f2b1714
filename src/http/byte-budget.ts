import { Refusal } from './refusal.ts';

export type Reservation = {
  /** Releases the bytes above this number. */
  shrinkTo(bytes: number): void;
  release(): void;
};

type Waiting = { bytes: number; grant: () => void };

/** Bounds the bytes that all requests of a server hold at once. A request waits in a queue for a limited time. */
export class ByteBudget {
  readonly #waitMs: number;
  #left: number;
  /** First come, first served: small requests do not starve a large one. */
  readonly #waiting = new Set<Waiting>();

  constructor(bytes: number, waitMs: number) {
    this.#left = bytes;
    this.#waitMs = waitMs;
  }

  /** @throws Refusal if the bytes are not free in time */
  async reserve(bytes: number): Promise<Reservation> {
    if (this.#waiting.size > 0 || bytes > this.#left) await this.#wait(bytes);
    else this.#left -= bytes;
    let held = bytes;
    const shrinkTo = (rest: number) => {
      if (rest >= held) return;
      this.#left += held - rest;
      held = rest;
      this.#grant();
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }

  async #wait(bytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { bytes, grant: resolve };
    this.#waiting.add(waiting);
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      reject(new Refusal(503, 'the server is busy with other requests', { 'retry-after': '2' }));
      this.#grant();
    }, this.#waitMs);
    await promise.finally(() => clearTimeout(timer));
  }

  #grant(): void {
    for (const waiting of this.#waiting) {
      if (waiting.bytes > this.#left) return;
      this.#waiting.delete(waiting);
      this.#left -= waiting.bytes;
      waiting.grant();
    }
  }
}
