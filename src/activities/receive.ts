import { ApplicationFailure } from '@temporalio/common';
import type { ReceivedBatch, ReceiveRequest } from '../domain/batch.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { receiveBatch } from '../sqs/receive-batch.ts';
import { guarded } from './guarded.ts';

/** The failure type of a receive that a worker refuses because it shuts down. */
export const SHUTTING_DOWN = 'ShuttingDown';

export type ReceiveDependencies = {
  queue: Queue;
  /** ReceiveMessage calls of one batch in flight at once. */
  receiveConcurrency: number;
  /** Aborted when the worker begins to shut down: nothing is received from then on. */
  shuttingDown: AbortSignal;
};

export const createReceiveActivity = ({
  queue,
  receiveConcurrency,
  shuttingDown,
}: ReceiveDependencies) => ({
  /** One batch from the queue; an empty one means that a long poll of all of the queue's servers was empty. */
  receiveBatch: (request: ReceiveRequest): Promise<ReceivedBatch> =>
    guarded(`receiveBatch from ${queue.name}`, async () => {
      const messages = await receiveBatch(queue, request, {
        concurrency: receiveConcurrency,
        signal: shuttingDown,
      });
      // Not an empty batch: that would say that the queue is drained.
      if (messages.length === 0 && shuttingDown.aborted) {
        throw ApplicationFailure.create({
          message: 'the worker is shutting down; another one receives',
          type: SHUTTING_DOWN,
          nextRetryDelay: '1 second',
        });
      }
      return {
        messageIds: messages.map(({ messageId }) => messageId),
        sentAtMs: messages.map(({ sentAtMs }) => sentAtMs),
        bodies: messages.map(({ body }) => body),
        receiptHandles: messages.map(({ receiptHandle }) => receiptHandle),
        bytes: messages.reduce((sum, { bytes }) => sum + bytes, 0),
        fifo: queue.fifo,
      };
    }),
});
