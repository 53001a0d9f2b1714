import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { MAX_ENTRIES_PER_CALL } from './calls/in-batches-of-ten.ts';
import type { Queue } from './open-queue.ts';

/** The limit of SQS. */
const MAX_CALL_BYTES = 1_048_576;
const CONCURRENCY = 8;

export class SendRefused extends Error {
  override name = 'SendRefused';
}

/**
 * Sends messages in concurrent batches and reads them as it goes, so that any number fits into memory. When one can't be
 * read or sent, no further batch starts, and the calls in flight are awaited.
 * @returns the ids that SQS assigned
 * @throws SendRefused when SQS refuses a message
 */
export async function sendMessages(
  queue: Queue,
  bodies: AsyncIterable<string> | Iterable<string>,
  onProgress?: (sent: number) => void,
): Promise<string[]> {
  const ids: string[] = [];
  const batches = inBatches(bodies);
  const failures: unknown[] = [];
  const work = async () => {
    try {
      for (;;) {
        const { value: batch, done } = await batches.next();
        if (done || failures.length > 0) return;
        ids.push(...(await sendBatch(queue, batch)));
        onProgress?.(ids.length);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  if (failures.length > 0) throw failures[0];
  return ids;
}

async function* inBatches(bodies: AsyncIterable<string> | Iterable<string>) {
  const batch: string[] = [];
  let bytes = 0;
  for await (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (batch.length > 0 && bytes + size > MAX_CALL_BYTES) {
      yield batch.splice(0);
      bytes = 0;
    }
    batch.push(body);
    bytes += size;
    // A full batch goes out before the next body is read, which may fail.
    if (batch.length === MAX_ENTRIES_PER_CALL) {
      yield batch.splice(0);
      bytes = 0;
    }
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(queue: Queue, bodies: readonly string[]): Promise<string[]> {
  const { Successful, Failed } = await queue.client.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: bodies.map((MessageBody, index) => ({
        Id: String(index),
        MessageBody,
        // Each message gets its own group: they are independent, and a group delivers one message at a time.
        ...(queue.fifo && { MessageGroupId: randomUUID(), MessageDeduplicationId: randomUUID() }),
      })),
    }),
  );
  if (Failed && Failed.length > 0) {
    throw new SendRefused(`SQS refused ${Failed.length} message(s) (${Failed[0]?.Code})`);
  }
  return (Successful ?? []).map(({ MessageId }) => MessageId ?? '');
}
