import { Runtime } from '@temporalio/worker';

/**
 * The SDK's meter, so that its metrics and ours share an exporter. Without an exporter it does nothing. The exporter adds
 * `_seconds` to the name of a histogram with that unit and `_total` to a counter; a gauge keeps its name.
 */
export const meter = () => Runtime.instance().metricMeter;

/** A gauge of ours, whose name begins with `login_etl_`. */
export const gauge = (name: string, description: string) =>
  meter().createGauge(`login_etl_${name}`, 'float', undefined, description);

/** Keyed by name without the exporter's suffixes. */
export const HISTOGRAM_BUCKETS: Readonly<Record<string, number[]>> = {
  login_etl_step_duration: [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 120,
  ],
  login_etl_batch_lag: [
    1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400, 345_600,
  ],
  login_etl_batch_messages: [1, 10, 50, 100, 250, 500, 1_000, 2_000, 4_000, 10_000],
  login_etl_batch_bytes: [1_024, 8_192, 32_768, 131_072, 262_144, 524_288, 1_048_576, 2_097_152],
};
