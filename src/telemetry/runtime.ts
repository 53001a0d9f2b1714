import { makeTelemetryFilterString, Runtime, type TelemetryOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { temporalLogger } from './logs/logger.ts';
import { HISTOGRAM_BUCKETS } from './meter.ts';

export type MetricsSettings = Pick<Config['worker'], 'metricsAddress' | 'otlp'>;

/** OTLP over HTTP has a path by its specification; without it the endpoint is gRPC's. */
const OTLP_HTTP_PATH = '/v1/metrics';
const OTLP_EVERY = '15 seconds';

/** Sets up Temporal's runtime, once a process: its logs go to our logger, its metrics where they are asked for. */
export function installRuntime(logger: Logger, settings: MetricsSettings): void {
  const metrics = exporter(settings);
  Runtime.install({
    logger: temporalLogger(logger),
    // Signals are the worker's: it lets go of the queue first.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metrics && { metrics }),
    },
  });
}

function exporter({ metricsAddress, otlp }: MetricsSettings): TelemetryOptions['metrics'] {
  const histogramBucketOverrides = { ...HISTOGRAM_BUCKETS };
  if (metricsAddress) {
    return {
      prometheus: {
        bindAddress: metricsAddress,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
        histogramBucketOverrides,
      },
    };
  }
  return (
    otlp && {
      otel: {
        url: otlp.url,
        http: otlp.url.endsWith(OTLP_HTTP_PATH),
        headers: otlp.headers,
        metricsExportInterval: OTLP_EVERY,
        useSecondsForDurations: true,
        histogramBucketOverrides,
      },
    }
  );
}
