import { setTimeout as delay } from 'node:timers/promises';
import type { DeleteMessageBatchCommandOutput } from '@aws-sdk/client-sqs';
import { inTens } from './in-tens.ts';
import type { Queue } from './open-queue.ts';

export type DeleteResult = {
  deleted: number;
  /** Handles that SQS refused for good, expired ones mostly: their messages come back. */
  refused: number;
};

export class DeletesKeepFailing extends Error {
  override name = 'DeletesKeepFailing';
}

/** Rounds over the entries that failed on SQS' side, before the caller's own retries take over. */
const ROUNDS = 4;
const FIRST_PAUSE_MS = 100;

/**
 * Deletes messages in tens, several calls at once, and reads the `Failed` list of each answer. A delete is
 * idempotent, so all of it may be done again.
 * @throws DeletesKeepFailing when SQS goes on failing some entries, for reasons of its own
 */
export async function deleteMessages(
  queue: Queue,
  receiptHandles: readonly string[],
  onProgress?: () => void,
): Promise<DeleteResult> {
  let pending = receiptHandles;
  let refused = 0;
  for (let round = 1; pending.length > 0; round += 1) {
    const answers = await inTens(pending, (ten) => deleteTen(queue, ten, onProgress));
    refused += answers.reduce((sum, answer) => sum + answer.refused, 0);
    pending = answers.flatMap((answer) => answer.failed);
    if (pending.length === 0) break;
    if (round === ROUNDS) {
      throw new DeletesKeepFailing(`SQS failed to delete ${pending.length} of a batch's messages`);
    }
    await delay(FIRST_PAUSE_MS * 2 ** round);
  }
  return { deleted: receiptHandles.length - refused, refused };
}

async function deleteTen(
  queue: Queue,
  handles: readonly string[],
  onProgress?: () => void,
): Promise<{ failed: string[]; refused: number }> {
  const { Failed } = await queue.call<DeleteMessageBatchCommandOutput>('DeleteMessageBatch', {
    QueueUrl: queue.url,
    Entries: handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
  });
  onProgress?.();
  const failed: string[] = [];
  let refused = 0;
  for (const entry of Failed ?? []) {
    const handle = handles[Number(entry.Id)];
    // The sender's fault is a handle that is no longer good: the same call would fail the same way.
    if (entry.SenderFault || handle === undefined) refused += 1;
    else failed.push(handle);
  }
  return { failed, refused };
}
