import { setTimeout as delay } from 'node:timers/promises';
import type { DeleteMessageBatchCommandOutput } from '@aws-sdk/client-sqs';
import { CallsInFlight } from './calls/calls-in-flight.ts';
import { inBatchesOfTen } from './calls/in-batches-of-ten.ts';
import type { Queue } from './open-queue.ts';

type DeleteResult = {
  deleted: number;
  /** Handles that SQS rejected, mostly expired ones: their messages are redelivered. */
  refused: number;
};

export class DeletesKeepFailing extends Error {
  override name = 'DeletesKeepFailing';
}

/** Attempts for entries that failed on SQS' side, before the caller retries the whole call. */
const ROUNDS = 4;
const FIRST_PAUSE_MS = 100;

/**
 * Deletes messages ten at a time with concurrent calls, and reads the `Failed` list of each answer. Deletes are
 * idempotent, so the whole call may be repeated.
 * @throws DeletesKeepFailing when some entries still fail on SQS' side after all attempts
 */
export async function deleteMessages(
  queue: Queue,
  receiptHandles: readonly string[],
  calls = new CallsInFlight(),
): Promise<DeleteResult> {
  let pending = receiptHandles;
  let refused = 0;
  for (let round = 1; pending.length > 0; round += 1) {
    const answers = await inBatchesOfTen(
      pending,
      (ten) => calls.call((onThrottled) => deleteTen(queue, ten, onThrottled)),
      () => calls.limit,
    );
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
  onThrottled: () => void,
): Promise<{ failed: string[]; refused: number }> {
  const { Failed } = await queue.call<DeleteMessageBatchCommandOutput>(
    'DeleteMessageBatch',
    {
      QueueUrl: queue.url,
      Entries: handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle })),
    },
    onThrottled,
  );
  const failed: string[] = [];
  let refused = 0;
  for (const entry of Failed ?? []) {
    const handle = handles[Number(entry.Id)];
    // SenderFault means an invalid handle: a retry would fail as well.
    if (entry.SenderFault || handle === undefined) refused += 1;
    else failed.push(handle);
  }
  return { failed, refused };
}
