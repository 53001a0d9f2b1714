import type { AcknowledgeRequest, AcknowledgeResult } from '../../batch/batch.ts';
import type { PartCache } from '../../batch/part-cache.ts';
import { deleteMessages } from '../../queue/delete-messages.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { fairSemaphore } from './fair-semaphore.ts';

export type AcknowledgeDependencies = { queue: Queue; parts: PartCache };

export const createAcknowledgeActivity = (
  { queue, parts }: AcknowledgeDependencies,
  withSemaphore = fairSemaphore(),
) => ({
  /** Deletes a batch's messages from the queue. Only called once the batch is committed. */
  acknowledgeBatch: ({ receiptHandles }: AcknowledgeRequest): Promise<AcknowledgeResult> =>
    withHeartbeat(`acknowledgeBatch in ${queue.name}`, async () => {
      const handles = await parts.open(receiptHandles);
      const { deleted, refused } = await withSemaphore(() => deleteMessages(queue, handles));
      return { acknowledged: deleted, expired: refused, holder: parts.holder };
    }),
});
