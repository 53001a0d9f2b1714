import type { Logger } from 'pino';
import { describeError } from '../logs/describe-error.ts';
import { meter } from '../meter.ts';

/** Something outside that is looked at from time to time, whether or not a run is active. */
export type Source = { name: string; sample(): Promise<void> };

/** Stopping does not wait for a look that is in hand: a queue that hangs must not hold up the worker's end. */
export type Sampler = { stop(): void };

/**
 * Looks at every source now and every so many seconds. A gauge keeps its last value when its source can't be
 * reached, so each source has the time of its last good look beside it.
 */
export function startSampler(
  sources: readonly Source[],
  everySeconds: number,
  logger: Logger,
): Sampler {
  const looked = meter().createGauge(
    'login_etl_sample_timestamp_seconds',
    'float',
    undefined,
    'When a source of gauges was last read',
  );
  const failures = meter().createCounter(
    'login_etl_sample_failures',
    undefined,
    'Looks at a source of gauges that failed',
  );
  const inHand = new Set<string>();
  let stopped = false;

  async function sample({ name, sample: look }: Source): Promise<void> {
    inHand.add(name);
    try {
      await look();
      looked.set(Date.now() / 1_000, { source: name });
    } catch (error) {
      if (stopped) return;
      failures.add(1, { source: name });
      const described = error instanceof Error ? describeError(error) : undefined;
      logger.warn({ source: name, error: described }, 'no metrics from a source');
    } finally {
      inHand.delete(name);
    }
  }
  const sampleAll = () => {
    for (const source of sources) {
      // A source that hangs is not asked again meanwhile.
      if (!inHand.has(source.name)) void sample(source);
    }
  };
  for (const { name } of sources) failures.add(0, { source: name });
  sampleAll();
  const timer = setInterval(sampleAll, everySeconds * 1_000);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}
