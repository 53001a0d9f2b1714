import type { Activities } from '../activities/index.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { OldestMessage } from './oldest-message.ts';

type Reader<Name extends keyof Activities> = (
  result: Awaited<ReturnType<Activities[Name]>>,
  ...args: Parameters<Activities[Name]>
) => void;

export type StepReaders = { [Name in keyof Activities]?: Reader<Name> };

/** What the metrics take from a step's arguments and result: the one place that knows the shape of both. */
export const readSteps = (metrics: BatchMetrics, oldest: OldestMessage): StepReaders => ({
  receiveBatch({ messageIds, sentAtMs, bytes }) {
    metrics.received({ messages: messageIds.length, bytes });
    if (messageIds.length === 0) oldest.seenEmpty(Date.now());
    else oldest.received(earliest(sentAtMs));
  },
  insertBatch({ inserted, duplicates, quarantined }, { sentAtMs, quarantine }) {
    const sentAt = earliest([...sentAtMs, ...quarantine.sentAtMs]);
    metrics.stored({
      inserted,
      duplicates,
      quarantined,
      reasons: quarantine.reasons,
      lagSeconds: Number.isFinite(sentAt) ? (Date.now() - sentAt) / 1_000 : undefined,
    });
  },
  acknowledgeBatch: (result) => metrics.acknowledged(result),
});

const earliest = (times: readonly number[]): number =>
  times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
