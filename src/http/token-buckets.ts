/** Refused attempts of one address; those beyond get no other answer than that they are too many. */
export const FAILURES_PER_MINUTE = 60;

/** More callers than this are not told apart: the least recent ones start with a full bucket. */
const MAX_CALLERS = 10_000;
const MINUTE_MS = 60_000;

/** So many requests a minute for each caller; those of a whole minute may come at once. */
export class TokenBuckets {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether one more is within bounds; if so, it is counted. */
  take(caller: string, now = performance.now()): boolean {
    const { left, at } = this.#buckets.get(caller) ?? { left: this.#perMinute, at: now };
    const refilled = left + ((now - at) / MINUTE_MS) * this.#perMinute;
    const available = Math.min(this.#perMinute, refilled);
    const within = available >= 1;
    // Deleted and set again, so that the map is in the order of last use.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: within ? available - 1 : available, at: now });
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > MAX_CALLERS && !oldest.done) this.#buckets.delete(oldest.value);
    return within;
  }
}
