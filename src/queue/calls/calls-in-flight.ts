import { isThrottled } from '../fast-client-errors.ts';

/** At first, and for small queues: enough to fill a batch within a second on AWS. */
export const FIRST_CALLS = 16;
/** Ten messages each: if an answer takes 60 ms, these get 20,000 messages a second. */
export const MOST_CALLS = 128;

/** The limit grows while calls take at most so many times as long as the quickest one. */
const GROWS_UP_TO = 1.6;
/** When they take so many times as long, they wait for each other. */
const SHRINKS_FROM = 2.5;
const SHRINKS_BY = 0.8;
/** The quickest call is that of the last one or two of these times: a network can change, but a queue may be busy for long. */
const REMEMBERED_MS = 5 * 60_000;

/**
 * The limit of concurrent calls of one kind, which follows what the queue gives: throughput is calls in flight divided by
 * latency, so while more calls do not make each of them slower, the limit doubles. Once they do, it grows by an eighth,
 * shrinks by a fifth, and is halved when SQS throttles.
 */
export class CallsInFlight {
  limit: number;
  readonly #first: number;
  readonly #most: number;
  #running = 0;
  #doubles = true;
  #round = newRound();
  #quickestMs = Number.POSITIVE_INFINITY;
  #quickestBeforeMs = Number.POSITIVE_INFINITY;
  #rememberedFromMs = performance.now();

  constructor({ first = FIRST_CALLS, most = MOST_CALLS } = {}) {
    this.limit = first;
    this.#first = first;
    this.#most = most;
  }

  /** @param act makes a call, and reports if SQS throttled it before it was answered */
  async call<T>(act: (onThrottled: () => void) => Promise<T>): Promise<T> {
    const begunAtMs = performance.now();
    let throttled = false;
    const onThrottled = () => {
      throttled = true;
    };
    this.#running += 1;
    this.#round.peak = Math.max(this.#round.peak, this.#running);
    try {
      const answer = await act(onThrottled);
      if (!throttled) this.#answered(performance.now() - begunAtMs);
      return answer;
    } catch (error) {
      throttled ||= isThrottled(error);
      throw error;
    } finally {
      this.#running -= 1;
      if (throttled) this.#throttled();
    }
  }

  #answered(ms: number): void {
    const quickestMs = this.#quickest(ms);
    this.#round.calls += 1;
    this.#round.ms += ms;
    const { calls, ms: sum, peak, throttled } = this.#round;
    if (calls < this.limit) return;
    this.#round = newRound();
    if (throttled) return;
    const stretched = sum / calls / quickestMs;
    if (stretched > GROWS_UP_TO) this.#doubles = false;
    if (this.limit < this.#first || (stretched <= GROWS_UP_TO && peak >= this.limit)) {
      const more = this.#doubles ? this.limit : Math.ceil(this.limit / 8);
      this.limit = Math.min(this.#most, this.limit + more);
    } else if (stretched >= SHRINKS_FROM) {
      this.limit = Math.max(this.#first, Math.floor(this.limit * SHRINKS_BY));
    }
  }

  /** At most once a round: the calls in flight were begun before the limit was halved. */
  #throttled(): void {
    this.#doubles = false;
    if (!this.#round.throttled) {
      this.limit = Math.max(1, Math.floor(this.limit / 2));
      this.#round = { ...newRound(), throttled: true };
    }
    this.#round.calls += 1;
    if (this.#round.calls >= this.limit) this.#round = newRound();
  }

  #quickest(ms: number): number {
    if (performance.now() - this.#rememberedFromMs > REMEMBERED_MS) {
      this.#quickestBeforeMs = this.#quickestMs;
      this.#quickestMs = Number.POSITIVE_INFINITY;
      this.#rememberedFromMs = performance.now();
    }
    this.#quickestMs = Math.min(this.#quickestMs, ms);
    return Math.min(this.#quickestMs, this.#quickestBeforeMs);
  }
}

const newRound = () => ({ calls: 0, ms: 0, peak: 0, throttled: false });
