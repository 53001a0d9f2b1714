import type { Config } from '../../config/config.ts';
import { describeQueue } from '../../queue/describe-queue.ts';
import { answerWithin, REACH_TIMEOUT_MS } from '../connect/answer-within.ts';
import { withQueue } from '../connect/with-queue.ts';

/**
 * About how many messages a run will take, for its progress bar: those on the queue now, up to the run's bound.
 * 0 when SQS does not say: the run is followed without a bar.
 */
export async function expectedMessages(
  settings: Config['sqs'] | undefined,
  maxMessages: number = Number.POSITIVE_INFINITY,
): Promise<number> {
  if (!settings) return 0;
  const depth = withQueue(settings, describeQueue).then(
    ({ visible, delayed }) => Math.min(visible + delayed, maxMessages),
    () => 0,
  );
  return answerWithin(
    REACH_TIMEOUT_MS,
    () => depth,
    () => 0,
  );
}
