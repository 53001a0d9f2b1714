import type { PartSealer } from '../crypto/part-sealer.ts';
import type { AcknowledgeRequest, AcknowledgeResult } from '../domain/batch.ts';
import { deleteMessages } from '../sqs/delete-messages.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { guarded } from './guarded.ts';

export type AcknowledgeDependencies = { queue: Queue; parts: PartSealer };

export const createAcknowledgeActivity = ({ queue, parts }: AcknowledgeDependencies) => ({
  /** Deletes a batch's messages from the queue. Only called once the batch is committed. */
  acknowledgeBatch: ({ receiptHandles }: AcknowledgeRequest): Promise<AcknowledgeResult> =>
    guarded(`acknowledgeBatch in ${queue.name}`, async () => {
      const { deleted, refused } = await deleteMessages(queue, await parts.open(receiptHandles));
      return { acknowledged: deleted, expired: refused };
    }),
});
