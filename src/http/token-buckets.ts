/** Refused attempts of one address; those beyond get no other answer than that they are too many. */
export const FAILURES_PER_MINUTE = 60;

/** More callers than this are not told apart: the least recent ones start with a full bucket. */
const MAX_CALLERS = 10_000;
const MINUTE_MS = 60_000;

/** So many requests a minute for each caller; those of a whole minute may come at once. */
export class TokenBuckets {
  readonly perMinute: number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** Whether one more is within bounds; if so, it is counted. */
  take(caller: string, now = performance.now()): boolean {
    const available = this.#available(caller, now);
    const within = available >= 1;
    this.#set(caller, within ? available - 1 : available, now);
    return within;
  }

  /** Takes back one that turned out not to count. */
  giveBack(caller: string, now = performance.now()): void {
    this.#set(caller, Math.min(this.perMinute, this.#available(caller, now) + 1), now);
  }

  /** How many are within bounds now. */
  left(caller: string, now = performance.now()): number {
    return Math.floor(this.#available(caller, now));
  }

  /** Until one more is within bounds, at least 1. */
  secondsToNext(caller: string, now = performance.now()): number {
    const missing = 1 - this.#available(caller, now);
    return Math.max(1, Math.ceil((missing / this.perMinute) * 60));
  }

  #available(caller: string, now: number): number {
    const { left, at } = this.#buckets.get(caller) ?? { left: this.perMinute, at: now };
    return Math.min(this.perMinute, left + ((now - at) / MINUTE_MS) * this.perMinute);
  }

  #set(caller: string, left: number, at: number): void {
    // Deleted and set again, so that the map is in the order of last use.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left, at });
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > MAX_CALLERS && !oldest.done) this.#buckets.delete(oldest.value);
  }
}
