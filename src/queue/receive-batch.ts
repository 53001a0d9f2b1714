import { CallsInFlight, FIRST_CALLS } from './calls/calls-in-flight.ts';
import { MAX_ENTRIES_PER_CALL } from './calls/in-batches-of-ten.ts';
import { inLoops } from './calls/in-loops.ts';
import type { Queue } from './open-queue.ts';
import { LONG_POLL_SECONDS, type QueueMessage, receiveOnce } from './receive-once.ts';
import { releaseMessages } from './release-messages.ts';

/** More than a short queue's first answers: only then more calls begin than for a short queue. */
const MANY_MESSAGES = 2 * FIRST_CALLS * MAX_ENTRIES_PER_CALL;

export type BatchBounds = {
  maxMessages: number;
  maxBytes: number;
  /** Whether the batch may be a single message larger than `maxBytes`. Default: true. */
  anySize?: boolean | undefined;
  /** Mean size of earlier messages: limits how many the first calls ask for. */
  expectedMessageBytes?: number | undefined;
};

export type ReceiveOptions = {
  /** Limits the short polls in flight. */
  calls?: CallsInFlight | undefined;
  /** Runs the short polls, which are most of the work, once the semaphore admits this batch. */
  withSemaphore?: (<T>(polls: () => Promise<T>) => Promise<T>) | undefined;
  /** After an abort no further call starts. Calls in flight are awaited, so that their messages aren't lost until they time out. */
  signal?: AbortSignal | undefined;
};

export type Received = {
  messages: QueueMessage[];
  /** Messages that did not fit and were made visible again. */
  released: number;
  /** Whether the batch ended because it had no room for another message. */
  full: boolean;
};

/**
 * Receives a batch: one long poll and, if it returned messages, concurrent short polls until the batch is full or the
 * answers are empty. So the batch is empty only after an empty long poll, an empty queue costs one second, and received
 * messages never wait for the queue's last ones.
 *
 * Messages beyond `maxBytes` are made visible again at once. A failed call ends the batch with the messages received so
 * far; the error is thrown only when there are none.
 */
export async function receiveBatch(
  queue: Queue,
  bounds: BatchBounds,
  { calls = new CallsInFlight(), withSemaphore = (polls) => polls(), signal }: ReceiveOptions = {},
): Promise<Received> {
  const messages: QueueMessage[] = [];
  let bytes = 0;
  let asked = 0;

  const meanBytes = () =>
    messages.length > 0 ? bytes / messages.length : (bounds.expectedMessageBytes ?? 0);

  const wanted = () => {
    const byCount = bounds.maxMessages - messages.length - asked;
    const byBytes = (bounds.maxBytes - bytes) / Math.max(meanBytes(), 1) - asked;
    const first = messages.length + asked === 0 ? 1 : 0;
    return Math.min(MAX_ENTRIES_PER_CALL, byCount, Math.max(first, Math.floor(byBytes)));
  };

  async function poll(
    maxMessages: number,
    waitSeconds: number,
    onThrottled?: () => void,
  ): Promise<number> {
    asked += maxMessages;
    try {
      const received = await receiveOnce(queue, { maxMessages, waitSeconds }, onThrottled);
      for (const message of received) bytes += message.bytes;
      messages.push(...received);
      return received.length;
    } finally {
      asked -= maxMessages;
    }
  }

  const beginPoll = () => {
    const count = wanted();
    if (count < 1 || signal?.aborted) return undefined;
    // An error that lasts is reported by the next batch's first call.
    return calls
      .call((onThrottled) => poll(count, 0, onThrottled))
      .then(
        (received) => received > 0,
        () => false,
      );
  };
  const mayHaveMany = () => messages.length >= MANY_MESSAGES;

  const first = wanted();
  if (first < 1 || signal?.aborted || (await poll(first, LONG_POLL_SECONDS)) === 0) {
    return { messages, released: 0, full: false };
  }
  await withSemaphore(() =>
    inLoops(() => (mayHaveMany() ? calls.limit : Math.min(calls.limit, FIRST_CALLS)), beginPoll),
  );

  const full = wanted() < 1;
  const kept = withinBytes(messages, bounds);
  const rest = messages.splice(kept);
  if (rest.length > 0) await releaseMessages(queue, rest);
  return { messages, released: rest.length, full };
}

/** Returns how many messages fit, counted from the first. */
function withinBytes(
  messages: readonly QueueMessage[],
  { maxBytes, anySize = true }: BatchBounds,
): number {
  let bytes = 0;
  for (const [index, message] of messages.entries()) {
    bytes += message.bytes;
    if (bytes > maxBytes && (index > 0 || !anySize)) return index;
  }
  return messages.length;
}
