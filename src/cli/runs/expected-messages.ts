import type { Config } from '../../config/config.ts';
import { describeQueue } from '../../queue/describe-queue.ts';
import { withQueue } from '../connect/with-queue.ts';

const TIMEOUT_MS = 3_000;

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
  const { promise: late, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(resolve, TIMEOUT_MS, 0);
  try {
    return await Promise.race([depth, late]);
  } finally {
    clearTimeout(timer);
  }
}
