/**
 * How old the oldest message of the queue is, as far as one worker can tell: SQS says it to CloudWatch only, and
 * looking costs a receive. The queue is served about in order, so what waits is hardly older than
 *
 * - the oldest message of the latest batch that was received here, or
 * - the moment when the queue was last seen empty, whichever is the later news.
 *
 * A worker that has seen neither knows only that the backlog is no younger than its first look. Of several workers
 * the one with the latest news gives the smallest age, and is right.
 */
export class OldestMessage {
  #notBeforeMs: number | undefined;

  received(oldestSentAtMs: number): void {
    this.#notBeforeMs = oldestSentAtMs;
  }

  seenEmpty(nowMs: number): void {
    this.#notBeforeMs = nowMs;
  }

  /** @param messages all that the queue holds: waiting, in flight and delayed */
  ageSeconds(messages: number, nowMs: number): number {
    if (messages === 0) this.seenEmpty(nowMs);
    this.#notBeforeMs ??= nowMs;
    return Math.max(0, (nowMs - this.#notBeforeMs) / 1_000);
  }
}
