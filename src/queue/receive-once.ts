import { randomUUID } from 'node:crypto';
import type { Message, ReceiveMessageCommandOutput } from '@aws-sdk/client-sqs';
import type { Queue } from './open-queue.ts';

/** SQS gives at most so many messages a call. */
export const MAX_MESSAGES_PER_CALL = 10;

export type QueueMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  sentAtMs: number;
  /** Bytes of body and handle: what counts towards a batch's bound. */
  bytes: number;
};

export class MalformedSqsAnswer extends Error {
  override name = 'MalformedSqsAnswer';
}

/** One ReceiveMessage call. A wait of 0 is a short poll, which asks some of SQS' servers only. */
export async function receiveOnce(
  queue: Queue,
  { maxMessages, waitSeconds }: { maxMessages: number; waitSeconds: number },
): Promise<QueueMessage[]> {
  const { Messages } = await queue.call<ReceiveMessageCommandOutput>('ReceiveMessage', {
    QueueUrl: queue.url,
    MaxNumberOfMessages: Math.min(maxMessages, MAX_MESSAGES_PER_CALL),
    WaitTimeSeconds: waitSeconds,
    MessageSystemAttributeNames: ['SentTimestamp'],
    ...(queue.visibilityTimeoutSeconds && { VisibilityTimeout: queue.visibilityTimeoutSeconds }),
    // A FIFO receive that is retried after a lost answer gets the same messages, not a locked group.
    ...(queue.fifo && { ReceiveRequestAttemptId: randomUUID() }),
  });
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
