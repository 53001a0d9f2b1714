/**
 * Estimates the age of the queue's oldest message: SQS reports it only to CloudWatch, and a peek would count as a
 * receive. SQS delivers roughly in order, so a waiting message is hardly older than the later of
 *
 * - the oldest message of the latest batch that this worker received, and
 * - the time when the queue was last seen empty.
 *
 * A worker that has seen neither counts from its first sample. Among several workers, the one with the latest
 * observation reports the smallest age, which is the right one.
 */
export class OldestMessage {
  #notBeforeMs: number | undefined;

  received(oldestSentAtMs: number): void {
    this.#notBeforeMs = oldestSentAtMs;
  }

  seenEmpty(nowMs: number): void {
    this.#notBeforeMs = nowMs;
  }

  /** @param messages all messages of the queue: visible, in flight and delayed */
  ageSeconds(messages: number, nowMs: number): number {
    if (messages === 0) this.seenEmpty(nowMs);
    this.#notBeforeMs ??= nowMs;
    return Math.max(0, (nowMs - this.#notBeforeMs) / 1_000);
  }
}
