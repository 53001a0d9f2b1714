import type { AcknowledgeRequest, AcknowledgeResult } from '../domain/batch.ts';
import { deleteMessages } from '../sqs/delete-messages.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { guarded } from './guarded.ts';
import type { PartsInHand } from './parts-in-hand.ts';
import { turns } from './turns.ts';

export type AcknowledgeDependencies = { queue: Queue; parts: PartsInHand };

export const createAcknowledgeActivity = (
  { queue, parts }: AcknowledgeDependencies,
  inTurn = turns(),
) => ({
  /** Deletes a batch's messages from the queue. Only called once the batch is committed. */
  acknowledgeBatch: ({ receiptHandles }: AcknowledgeRequest): Promise<AcknowledgeResult> =>
    guarded(`acknowledgeBatch in ${queue.name}`, async () => {
      const handles = await parts.open(receiptHandles);
      const { deleted, refused } = await inTurn(() => deleteMessages(queue, handles));
      parts.release(receiptHandles);
      return { acknowledged: deleted, expired: refused, holder: parts.holder };
    }),
});
