import type { Queue } from './open-queue.ts';
import { LONG_POLL_SECONDS, type QueueMessage, receiveOnce } from './receive-once.ts';
import { releaseMessages } from './release-messages.ts';

/** If releasing the messages fails, they become visible again after this time. */
const HIDDEN_SECONDS = 10;

/**
 * Reads a few messages and makes them visible again at once. SQS has no call that only reads: each peek counts as a
 * receive.
 */
export async function peekQueue(queue: Queue, maxMessages: number): Promise<QueueMessage[]> {
  const brieflyHiding = { ...queue, visibilityTimeoutSeconds: HIDDEN_SECONDS };
  const messages: QueueMessage[] = [];
  try {
    // One call may return fewer messages than the queue holds.
    while (messages.length < maxMessages) {
      const more = await receiveOnce(brieflyHiding, {
        maxMessages: maxMessages - messages.length,
        waitSeconds: messages.length === 0 ? LONG_POLL_SECONDS : 0,
      });
      if (more.length === 0) break;
      messages.push(...more);
    }
  } finally {
    await releaseMessages(queue, messages);
  }
  return messages;
}
