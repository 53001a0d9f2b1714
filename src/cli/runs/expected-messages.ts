import type { Config } from '../../config/config.ts';
import { describeQueue } from '../../queue/describe-queue.ts';
import { withQueue } from '../connect/with-queue.ts';

const TIMEOUT_MS = 3_000;

/**
 * About how many messages a run will take, for its progress bar: what is on the queue now, or the run's bound.
 * 0 when that can't be had: the run is followed all the same.
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
