import type { Queue } from './open-queue.ts';
import { MAX_MESSAGES_PER_CALL, type QueueMessage, receiveOnce } from './receive-once.ts';
import { releaseMessages } from './release-messages.ts';

export type BatchBounds = {
  maxMessages: number;
  maxBytes: number;
  /** Whether a single message may be larger than that; without it, it may. */
  anySize?: boolean | undefined;
  /** Mean size seen so far, if any: how many messages to ask for before the first answer. */
  expectedMessageBytes?: number | undefined;
};

export type ReceiveOptions = {
  /** ReceiveMessage calls in flight at once. */
  concurrency: number;
  /** Runs the short polls, which are most of the work, when it is this batch's turn. */
  withSemaphore?: (<T>(polls: () => Promise<T>) => Promise<T>) | undefined;
  /** Called after each answer with the number of messages in hand. */
  onProgress?: ((messages: number) => void) | undefined;
  /** When aborted no further call is begun; those in flight are waited for, so no message strands. */
  signal?: AbortSignal | undefined;
};

export type Received = {
  messages: QueueMessage[];
  /** Messages that did not fit, and are visible again. */
  released: number;
};

/** The shortest long poll: it asks all of SQS' servers, so an empty answer means an empty queue. */
const LONG_POLL_SECONDS = 1;

/**
 * Receives a batch: one long poll, and if that brought anything, short polls side by side until the batch is
 * full or they come back empty. So only an empty long poll gives an empty batch, an empty queue costs a
 * second, and the tail of a queue isn't waited for while there are messages in hand.
 *
 * Messages beyond the byte bound are made visible again at once. A failed call ends the batch with what is
 * in hand; it is thrown only if that is nothing.
 */
export async function receiveBatch(
  queue: Queue,
  bounds: BatchBounds,
  { concurrency, withSemaphore = (polls) => polls(), onProgress, signal }: ReceiveOptions,
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
    return Math.min(MAX_MESSAGES_PER_CALL, byCount, Math.max(first, Math.floor(byBytes)));
  };

  async function poll(waitSeconds: number): Promise<number> {
    const count = wanted();
    if (count < 1 || signal?.aborted) return 0;
    asked += count;
    try {
      const received = await receiveOnce(queue, { maxMessages: count, waitSeconds });
      for (const message of received) bytes += message.bytes;
      messages.push(...received);
      onProgress?.(messages.length);
      return received.length;
    } finally {
      asked -= count;
    }
  }

  const pollUntilEmpty = async () => {
    while ((await poll(0)) > 0);
  };

  if ((await poll(LONG_POLL_SECONDS)) === 0) return { messages, released: 0 };
  const loops = Math.min(concurrency, Math.ceil(bounds.maxMessages / MAX_MESSAGES_PER_CALL) - 1);
  // What went wrong is met again, and reported, by the next batch's first call.
  await withSemaphore(() => Promise.allSettled(Array.from({ length: loops }, pollUntilEmpty)));

  const kept = withinBytes(messages, bounds);
  const rest = messages.splice(kept);
  if (rest.length > 0) await releaseMessages(queue, rest);
  return { messages, released: rest.length };
}

/** How many messages, from the first on, fit. */
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
