import { randomUUID } from 'node:crypto';
import type { Message, ReceiveMessageCommandOutput } from '@aws-sdk/client-sqs';
import { MAX_ENTRIES_PER_CALL } from './calls/in-batches-of-ten.ts';
import type { Queue } from './open-queue.ts';

/** The shortest long poll: it asks all of SQS' servers, so an empty answer means an empty queue. */
export const LONG_POLL_SECONDS = 1;

export type QueueMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  sentAtMs: number;
  /** Bytes of body and handle, which count towards a batch's `maxBytes`. */
  bytes: number;
};

export class MalformedSqsAnswer extends Error {
  override name = 'MalformedSqsAnswer';
}

/** Calls ReceiveMessage once. A wait of 0 is a short poll, which asks only some of SQS' servers. */
export async function receiveOnce(
  queue: Queue,
  { maxMessages, waitSeconds }: { maxMessages: number; waitSeconds: number },
  onThrottled?: () => void,
): Promise<QueueMessage[]> {
  const input = {
    QueueUrl: queue.url,
    MaxNumberOfMessages: Math.min(maxMessages, MAX_ENTRIES_PER_CALL),
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['SentTimestamp'],
    ...(queue.visibilityTimeoutSeconds && { VisibilityTimeout: queue.visibilityTimeoutSeconds }),
    // A FIFO receive that is retried after a lost answer gets the same messages instead of a locked group.
    ...(queue.fifo && { ReceiveRequestAttemptId: randomUUID() }),
  };
  const { Messages } = await queue.call<ReceiveMessageCommandOutput>(
    'ReceiveMessage',
    input,
    onThrottled,
  );
  return (Messages ?? []).map(toQueueMessage);
}

function toQueueMessage(message: Message): QueueMessage {
  const { MessageId, ReceiptHandle, Body, Attributes } = message;
  const sentAtMs = Number(Attributes?.SentTimestamp);
  if (!MessageId || !ReceiptHandle || !Number.isSafeInteger(sentAtMs)) {
    throw new MalformedSqsAnswer(
      'SQS answered a message without MessageId, ReceiptHandle or SentTimestamp',
    );
  }
  const body = Body ?? '';
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body,
    sentAtMs,
    bytes: Buffer.byteLength(body) + ReceiptHandle.length,
  };
}
