import type { Logger } from 'pino';
import { describeError } from '../logs/describe-error.ts';
import { meter } from '../meter.ts';

/** An external system whose state is sampled at intervals, whether or not a run is active. */
export type Source = { name: string; sample(): Promise<void> };

/** `stop` does not wait for samples in progress: a hung source must not delay the worker's shutdown. */
type Sampler = { stop(): void };

/**
 * Samples every source now and at each interval. A gauge keeps its last value while its source is unreachable, so the
 * time of each source's last successful sample is a metric, too.
 */
export function startSampler(
  sources: readonly Source[],
  everySeconds: number,
  logger: Logger,
): Sampler {
  const sampledAt = meter().createGauge(
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
  const inProgress = new Set<string>();
  let stopped = false;

  async function sample(source: Source): Promise<void> {
    const { name } = source;
    inProgress.add(name);
    try {
      await source.sample();
      sampledAt.set(Date.now() / 1_000, { source: name });
    } catch (error) {
      if (stopped) return;
      failures.add(1, { source: name });
      const described = error instanceof Error ? describeError(error) : undefined;
      logger.warn({ source: name, error: described }, 'no metrics from a source');
    } finally {
      inProgress.delete(name);
    }
  }
  const sampleAll = () => {
    for (const source of sources) {
      // Skip a source whose last sample still hangs.
      if (!inProgress.has(source.name)) void sample(source);
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
