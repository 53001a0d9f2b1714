import type { AcknowledgeRequest, AcknowledgeResult } from '../domain/batch.ts';
import { deleteMessages } from '../sqs/delete-messages.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { guarded } from './guarded.ts';
import type { PartsInHand } from './parts-in-hand.ts';

export type AcknowledgeDependencies = { queue: Queue; parts: PartsInHand };

export const createAcknowledgeActivity = ({ queue, parts }: AcknowledgeDependencies) => ({
  /** Deletes a batch's messages from the queue. Only called once the batch is committed. */
  acknowledgeBatch: ({ receiptHandles }: AcknowledgeRequest): Promise<AcknowledgeResult> =>
    guarded(`acknowledgeBatch in ${queue.name}`, async () => {
      const { deleted, refused } = await deleteMessages(queue, await parts.open(receiptHandles));
      parts.release(receiptHandles);
      return { acknowledged: deleted, expired: refused, holder: parts.holder };
    }),
});
