import { describeQueue } from '../../queue/describe-queue.ts';
import type { Queue } from '../../queue/open-queue.ts';
import { meter } from '../meter.ts';
import type { OldestMessage } from './oldest-message.ts';
import type { Source } from './sampler.ts';

/** Otherwise a hung queue would delay a worker's shutdown until the SDK gives up. */
const TIMEOUT_MS = 5_000;

export function queueSource(queue: Queue, oldest: OldestMessage): Source {
  const messages = meter().createGauge(
    'login_etl_queue_messages',
    'int',
    undefined,
    'Messages of the queue by state, about, as SQS says',
  );
  const age = meter().createGauge(
    'login_etl_queue_oldest_message_age_seconds',
    'float',
    undefined,
    'Age of the oldest message of the queue, estimated from what this worker has seen',
  );
  const retention = meter().createGauge(
    'login_etl_queue_retention_seconds',
    'int',
    undefined,
    'How long the queue keeps a message',
  );
  return {
    name: 'queue',
    async sample() {
      const { visible, inFlight, delayed, retentionSeconds } = await describeQueue(
        queue,
        AbortSignal.timeout(TIMEOUT_MS),
      );
      messages.set(visible, { state: 'visible' });
      messages.set(inFlight, { state: 'in_flight' });
      messages.set(delayed, { state: 'delayed' });
      age.set(oldest.ageSeconds(visible + inFlight + delayed, Date.now()));
      retention.set(retentionSeconds);
    },
  };
}
