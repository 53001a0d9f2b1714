import { ChangeMessageVisibilityBatchCommand } from '@aws-sdk/client-sqs';
import { inBatchesOfTen } from './calls/in-batches-of-ten.ts';
import type { Queue } from './open-queue.ts';

/**
 * Makes messages visible again at once instead of after their visibility timeout. Best effort: when a call fails, the
 * timeout applies.
 */
export async function releaseMessages(
  queue: Queue,
  messages: readonly { receiptHandle: string }[],
): Promise<void> {
  const handles = messages.map(({ receiptHandle }) => receiptHandle);
  await inBatchesOfTen(handles, (ten) =>
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
