import { makeTelemetryFilterString, Runtime, type TelemetryOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { temporalLogger } from './logs/logger.ts';
import { HISTOGRAM_BUCKETS } from './meter.ts';

type MetricsSettings = Pick<Config['worker'], 'metricsAddress' | 'otlp'>;

/** The specification of OTLP over HTTP requires this path; an endpoint without it speaks gRPC. */
const OTLP_HTTP_PATH = '/v1/metrics';
const OTLP_INTERVAL = '15 seconds';

/** Installs Temporal's runtime, once per process, with our logger and the configured exporter of metrics. */
export function installRuntime(logger: Logger, settings: MetricsSettings): void {
  const metrics = exporter(settings);
  Runtime.install({
    logger: temporalLogger(logger),
    // The worker handles signals itself, since it stops receiving first.
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
        metricsExportInterval: OTLP_INTERVAL,
        useSecondsForDurations: true,
        histogramBucketOverrides,
      },
    }
  );
}
