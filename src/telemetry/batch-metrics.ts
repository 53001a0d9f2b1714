import { REASON_LABELS, reasonLabels } from '../domain/login/quarantine-reasons.ts';
import { meter } from './meter.ts';

type StoredBatch = {
  inserted: number;
  duplicates: number;
  quarantined: number;
  /** The reason of each message for quarantine. */
  reasons: readonly string[];
  /** From the SentTimestamp of its oldest message to the commit. */
  lagSeconds: number | undefined;
};

export type BatchMetrics = ReturnType<typeof createBatchMetrics>;

/**
 * Counts messages by the outcome of each step. A step whose result was lost runs again and counts twice: use these
 * metrics for rates, and the ledger for exact counts.
 */
export function createBatchMetrics() {
  const counter = (name: string, description: string) => {
    const made = meter().createCounter(`login_etl_messages_${name}`, undefined, description);
    // Start at zero: Prometheus shows no increase for the first value of a series.
    made.add(0);
    return made;
  };
  const received = counter('received', 'Messages taken from the queue, redeliveries included');
  const inserted = counter('inserted', 'New rows in user_logins');
  const duplicates = counter('duplicate', 'Messages that were stored already');
  const acknowledged = counter('acknowledged', 'Messages deleted from the queue');
  const expired = counter(
    'acknowledge_failed',
    'Messages that SQS did not delete since their receipt had expired: they come again',
  );
  const quarantined = meter().createCounter(
    'login_etl_messages_quarantined',
    undefined,
    'New rows in quarantine, by reason',
  );
  for (const labels of REASON_LABELS) quarantined.add(0, labels);
  const messages = meter().createHistogram(
    'login_etl_batch_messages',
    'int',
    undefined,
    'Messages of a batch',
  );
  const bytes = meter().createHistogram(
    'login_etl_batch_bytes',
    'int',
    undefined,
    'Bytes of bodies and receipt handles of a batch',
  );
  const lag = meter().createHistogram(
    'login_etl_batch_lag',
    'float',
    'seconds',
    "From the SentTimestamp of a batch's oldest message to its commit",
  );
  return {
    received(batch: { messages: number; bytes: number }): void {
      if (batch.messages === 0) return;
      received.add(batch.messages);
      messages.record(batch.messages);
      bytes.record(batch.bytes);
    },
    stored(batch: StoredBatch): void {
      inserted.add(batch.inserted);
      duplicates.add(batch.duplicates);
      // After a redelivery some are quarantined already, but Postgres does not report which.
      for (const reason of batch.reasons.slice(0, batch.quarantined)) {
        quarantined.add(1, reasonLabels(reason));
      }
      if (batch.lagSeconds !== undefined) lag.record(Math.max(0, batch.lagSeconds));
    },
    acknowledged(batch: { acknowledged: number; expired: number }): void {
      acknowledged.add(batch.acknowledged);
      expired.add(batch.expired);
    },
  };
}
