import { ApplicationFailure } from '@temporalio/common';
import type { PartSealer } from '../crypto/part-sealer.ts';
import type { ReceivedBatch, ReceiveRequest } from '../domain/batch.ts';
import { historyBytesOf } from '../domain/history-budget.ts';
import type { Queue } from '../sqs/open-queue.ts';
import { receiveBatch } from '../sqs/receive-batch.ts';
import type { QueueMessage } from '../sqs/receive-once.ts';
import { releaseMessages } from '../sqs/release-messages.ts';
import { guarded } from './guarded.ts';

/** The failure type of a receive that a worker refuses because it shuts down. */
export const SHUTTING_DOWN = 'ShuttingDown';

export type ReceiveDependencies = {
  queue: Queue;
  parts: PartSealer;
  /** ReceiveMessage calls of one batch in flight at once. */
  receiveConcurrency: number;
  /** Aborted when the worker begins to shut down: nothing is received from then on. */
  shuttingDown: AbortSignal;
};

export const createReceiveActivity = ({
  queue,
  parts,
  receiveConcurrency,
  shuttingDown,
}: ReceiveDependencies) => ({
  /** One batch from the queue; an empty one means that a long poll of all of the queue's servers was empty. */
  receiveBatch: (request: ReceiveRequest): Promise<ReceivedBatch> =>
    guarded(`receiveBatch from ${queue.name}`, async () => {
      const { messages, released } = await receiveBatch(queue, request, {
        concurrency: receiveConcurrency,
        signal: shuttingDown,
      });
      // Not an empty batch: that would say that the queue is drained.
      if (messages.length === 0 && released === 0 && shuttingDown.aborted) {
        throw ApplicationFailure.create({
          message: 'the worker is shutting down; another one receives',
          type: SHUTTING_DOWN,
          nextRetryDelay: '1 second',
        });
      }
      const { messages: kept, sealed } = await keepWhatFits(
        parts,
        messages,
        request.maxHistoryBytes,
      );
      const rest = messages.slice(kept.length);
      if (rest.length > 0) await releaseMessages(queue, rest);
      return {
        ...describe(kept),
        fifo: queue.fifo,
        released: released + rest.length,
        ...sealed,
      };
    }),
});

/** Seals them; those at the end that the history has no room for are left out. One is always kept. */
async function keepWhatFits(
  parts: PartSealer,
  messages: readonly QueueMessage[],
  maxHistoryBytes: number,
) {
  const sealed = await sealMessages(parts, messages);
  const bytes = historyBytesOf({ count: messages.length, ...sealed });
  if (bytes <= maxHistoryBytes || messages.length <= 1) return { messages, sealed };
  const fewer = Math.floor((messages.length * maxHistoryBytes) / bytes);
  const fitting = Math.max(1, Math.min(fewer, messages.length - 1));
  return keepWhatFits(parts, messages.slice(0, fitting), maxHistoryBytes);
}

const sealMessages = async (parts: PartSealer, messages: readonly QueueMessage[]) => ({
  ids: await parts.seal({
    messageIds: messages.map(({ messageId }) => messageId),
    sentAtMs: messages.map(({ sentAtMs }) => sentAtMs),
  }),
  bodies: await parts.seal(messages.map(({ body }) => body)),
  receiptHandles: await parts.seal(messages.map(({ receiptHandle }) => receiptHandle)),
});

const describe = (messages: readonly QueueMessage[]) => ({
  count: messages.length,
  bytes: messages.reduce((sum, { bytes }) => sum + bytes, 0),
  ...(messages.length > 0 && {
    oldestSentAtMs: messages.reduce((oldest, { sentAtMs }) => Math.min(oldest, sentAtMs), Infinity),
  }),
});
