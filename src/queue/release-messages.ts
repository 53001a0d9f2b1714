import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import { inTens } from './in-tens.ts';
import type { Queue } from './open-queue.ts';

/**
 * Makes messages visible again at once, so that they aren't left to time out. Best effort: what SQS
 * does not take back becomes visible when its timeout ends.
 */
export async function releaseMessages(
  queue: Queue,
  messages: readonly { receiptHandle: string }[],
): Promise<void> {
  const handles = messages.map(({ receiptHandle }) => receiptHandle);
  await inTens(handles, (ten) =>
    queue.client
      .send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: queue.url,
          Entries: ten.map((ReceiptHandle, index) => ({
            Id: String(index),
            ReceiptHandle,
            VisibilityTimeout: 0,
          })),
        }),
      )
      .catch(() => undefined),
  );
}
