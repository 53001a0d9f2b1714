import type { Pool } from 'pg';
import type { AcknowledgeRequest, AcknowledgeResult } from '../../batch/batch.ts';
import type { PartCache } from '../../batch/part-cache.ts';
import { NOT_IN_DATABASE } from '../../domain/names.ts';
import { hasBatch } from '../../postgres/runs/find-batch.ts';
import { CallsInFlight } from '../../queue/calls/calls-in-flight.ts';
import { deleteMessages } from '../../queue/delete-messages.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { fairSemaphore } from './fair-semaphore.ts';

export type AcknowledgeDependencies = { queue: Queue; pool: Pool; parts: PartCache };

/** The messages are not known to be committed. */
export class NotCommitted extends Error {
  override name = 'NotCommitted';
}

/** The batch was committed, but to another state of the database: it was restored to an earlier time. */
export class NotInDatabase extends Error {
  override name = NOT_IN_DATABASE;
}

export const createAcknowledgeActivity = (
  { queue, pool, parts }: AcknowledgeDependencies,
  withSemaphore = fairSemaphore(),
  calls = new CallsInFlight(),
) => ({
  /**
   * Deletes a batch's messages from the queue, given the receipt of the insert that committed exactly these, if the database
   * still has the batch.
   */
  acknowledgeBatch: (request: AcknowledgeRequest): Promise<AcknowledgeResult> =>
    withHeartbeat(`acknowledgeBatch in ${queue.name}`, async () => {
      const handles = await openCommitted(pool, parts, request);
      const { deleted, refused } = await withSemaphore(() => deleteMessages(queue, handles, calls));
      return { acknowledged: deleted, expired: refused, holder: parts.holder };
    }),
});

async function openCommitted(
  pool: Pool,
  parts: PartCache,
  { receiptHandles, receipt }: AcknowledgeRequest,
): Promise<string[]> {
  const handles = await parts.open('receiptHandles', receiptHandles);
  // Received by a build before 0.4, whose inserts give no receipt.
  if (handles.batch === undefined) return handles.value;
  if (!receipt) throw new NotCommitted('there is no receipt of the insert');
  const { value, batch } = await parts.open('receipt', receipt);
  if (batch !== handles.batch) throw new NotCommitted('the receipt is of another batch');
  if (value.refused.length > 0) throw new NotCommitted('refused rows are not quarantined yet');
  if (value.committed && !(await hasBatch(pool, value.committed))) {
    throw new NotInDatabase('the database was restored to a time before the insert');
  }
  return handles.value;
}
