import type { Logger } from 'pino';
import type { Activities } from '../activities/index.ts';
import type { AcknowledgeRequest, InsertRequest, MaskRequest } from '../batch/batch.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { OldestMessage } from './sources/oldest-message.ts';

type Reader<Name extends keyof Activities> = (
  result: Awaited<ReturnType<Activities[Name]>>,
  ...args: Parameters<Activities[Name]>
) => void;

export type StepReaders = { [Name in keyof Activities]?: Reader<Name> };

/** Feeds metrics and the log from the arguments and results of steps. */
export const readSteps = (
  metrics: BatchMetrics,
  oldest: OldestMessage,
  logger: Logger,
): StepReaders => ({
  receiveBatch({ count, oldestSentAtMs, bytes, released }) {
    metrics.received({ messages: count, bytes });
    if (oldestSentAtMs !== undefined) oldest.received(oldestSentAtMs);
    else if (released === 0) oldest.seenEmpty(Date.now());
  },
  insertBatch({ inserted, duplicates, quarantined, reasons, oldestSentAtMs }, { batch }) {
    const { workflowId, runId, number } = batch;
    const counts = { inserted, duplicates, quarantined };
    logger.debug({ workflowId, runId, batch: number, ...counts }, 'batch is stored');
    metrics.stored({
      ...counts,
      reasons: Object.entries(reasons).flatMap(([reason, messages]) =>
        Array.from({ length: messages }, () => reason),
      ),
      lagSeconds: oldestSentAtMs === undefined ? undefined : (Date.now() - oldestSentAtMs) / 1_000,
    });
  },
  acknowledgeBatch: (result) => metrics.acknowledged(result),
  recordRun(_nothing, { workflowId, runId, outcome, counts }) {
    logger.info({ workflowId, runId, outcome, ...counts }, 'run has ended');
  },
});

/** Returns the number of the batch that a step works on; undefined for `receiveBatch`, which creates the batch. */
export function batchNumber(step: string, [request]: readonly unknown[]): number | undefined {
  if (step === 'insertBatch') return (request as InsertRequest).batch.number;
  return (request as Partial<MaskRequest | AcknowledgeRequest> | undefined)?.batchNumber;
}
