import type { AcknowledgeResult } from '../domain/batch.ts';
import { deleteMessages } from '../sqs/delete-messages.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { guarded } from './guarded.ts';

export const createAcknowledgeActivity = ({ queue }: { queue: Queue }) => ({
  /** Deletes a batch's messages from the queue. Only called once the batch is committed. */
  acknowledgeBatch: (receiptHandles: string[]): Promise<AcknowledgeResult> =>
    guarded(`acknowledgeBatch in ${queue.name}`, async () => {
      const { deleted, refused } = await deleteMessages(queue, receiptHandles);
      return { acknowledged: deleted, expired: refused };
    }),
});
