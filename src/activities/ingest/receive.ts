import { ApplicationFailure } from '@temporalio/common';
import type { ReceivedBatch, ReceiveRequest } from '../../batch/batch.ts';
import { fittingShare, ResultSizeLimit } from '../../batch/byte-limits.ts';
import type { PartCache } from '../../batch/part-cache.ts';
import { newBatchId } from '../../crypto/payloads/part-sealer.ts';
import { FIRST_BATCH_MESSAGES } from '../../domain/ingest-input.ts';
import { SHUTTING_DOWN, workerQueueOf } from '../../domain/names.ts';
import { CallsInFlight } from '../../queue/calls/calls-in-flight.ts';
import { describeQueue } from '../../queue/describe-queue.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { receiveBatch } from '../../queue/receive-batch.ts';
import type { QueueMessage } from '../../queue/receive-once.ts';
import { releaseMessages } from '../../queue/release-messages.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { fairSemaphore } from './fair-semaphore.ts';

const BACKLOG_TIMEOUT_MS = 1_000;

export type ReceiveDependencies = {
  queue: Queue;
  parts: PartCache;
  /** Aborted when the worker begins to shut down: nothing is received from then on. */
  shuttingDown: AbortSignal;
};

export const createReceiveActivity = (
  { queue, parts, shuttingDown }: ReceiveDependencies,
  withSemaphore = fairSemaphore(),
  resultSize = new ResultSizeLimit(),
  calls = new CallsInFlight(),
) => ({
  /** One batch from the queue; an empty one means that a long poll of all of the queue's servers was empty. */
  receiveBatch: (request: ReceiveRequest): Promise<ReceivedBatch> =>
    withHeartbeat(`receiveBatch from ${queue.name}`, async () => {
      const maxBytes = Math.min(request.maxBytes, resultSize.bytes);
      const { messages, released, full } = await receiveBatch(
        queue,
        { ...request, maxBytes },
        { calls, signal: shuttingDown, withSemaphore },
      );
      // Not an empty batch: that would say that the queue is drained.
      if (messages.length === 0 && released === 0 && shuttingDown.aborted) {
        throw ApplicationFailure.create({
          message: 'the worker is shutting down; another one receives',
          type: SHUTTING_DOWN,
          nextRetryDelay: '1 second',
        });
      }
      const [{ messages: kept, sealed }, backlog] = await Promise.all([
        keepWhatFits(parts, messages, request),
        full && request.maxMessages >= FIRST_BATCH_MESSAGES ? backlogOf(queue) : undefined,
      ]);
      const rest = messages.slice(kept.length);
      if (rest.length > 0) await releaseMessages(queue, rest);
      const described = { ...describe(kept), ...sealed };
      resultSize.saw(described);
      return {
        ...described,
        fifo: queue.fifo,
        released: released + rest.length,
        backlog,
        holder: parts.holder,
        workerQueue: workerQueueOf(parts.holder),
      };
    }),
});

/** Only decides how fast a run is, so a failure is ignored, and the batch does not wait for it. */
async function backlogOf(queue: Queue): Promise<number | undefined> {
  if (queue.fifo) return undefined;
  const looked = describeQueue(queue, AbortSignal.timeout(BACKLOG_TIMEOUT_MS));
  return looked.then(
    ({ visible }) => visible,
    () => undefined,
  );
}

type HistoryBound = Pick<ReceiveRequest, 'maxHistoryBytes' | 'byReference'>;

/** Seals the messages, without those at the end that the history or a result has no room for. One is always kept. */
async function keepWhatFits(
  parts: PartCache,
  messages: readonly QueueMessage[],
  { maxHistoryBytes, byReference = false }: HistoryBound,
) {
  const { keep, ...sealed } = await sealMessages(parts, messages);
  const share = fittingShare({ count: messages.length, ...sealed }, maxHistoryBytes, byReference);
  if (share >= 1 || messages.length <= 1) {
    keep();
    return { messages, sealed };
  }
  const fewer = Math.floor(messages.length * share);
  const fitting = Math.max(1, Math.min(fewer, messages.length - 1));
  return keepWhatFits(parts, messages.slice(0, fitting), { maxHistoryBytes, byReference });
}

/** Concurrently: compression is off the main thread. */
async function sealMessages(parts: PartCache, messages: readonly QueueMessage[]) {
  const batch = newBatchId();
  const messageIds = messages.map(({ messageId }) => messageId);
  const sentAtMs = messages.map(({ sentAtMs }) => sentAtMs);
  const [ids, bodies, receiptHandles] = await Promise.all([
    parts.draft({ kind: 'ids', batch }, { messageIds, sentAtMs }),
    parts.draft(
      { kind: 'bodies', batch },
      messages.map(({ body }) => body),
    ),
    parts.draft(
      { kind: 'receiptHandles', batch },
      messages.map(({ receiptHandle }) => receiptHandle),
    ),
  ]);
  const keep = () => {
    for (const draft of [ids, bodies, receiptHandles]) draft.keep();
  };
  return { ids: ids.part, bodies: bodies.part, receiptHandles: receiptHandles.part, keep };
}

const describe = (messages: readonly QueueMessage[]) => ({
  count: messages.length,
  bytes: messages.reduce((sum, { bytes }) => sum + bytes, 0),
  ...(messages.length > 0 && {
    oldestSentAtMs: messages.reduce((oldest, { sentAtMs }) => Math.min(oldest, sentAtMs), Infinity),
  }),
});
