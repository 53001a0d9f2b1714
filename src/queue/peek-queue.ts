import type { Queue } from './open-queue.ts';
import { type QueueMessage, receiveOnce } from './receive-once.ts';
import { releaseMessages } from './release-messages.ts';

/** Should giving them back fail, they come back by themselves after so long. */
const HIDDEN_SECONDS = 10;
/** The shortest long poll: it asks all of SQS' servers. */
const LONG_POLL_SECONDS = 1;

/**
 * Looks at a few messages and makes them visible again at once. SQS has no other way to look: each look counts
 * as a receive.
 */
export async function peekQueue(queue: Queue, maxMessages: number): Promise<QueueMessage[]> {
  const looking = { ...queue, visibilityTimeoutSeconds: HIDDEN_SECONDS };
  const messages: QueueMessage[] = [];
  try {
    // One call may bring fewer than there are.
    while (messages.length < maxMessages) {
      const more = await receiveOnce(looking, {
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
