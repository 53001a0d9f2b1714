import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { ApiSettings } from '../config/sections/api-section.ts';
import type { Readiness } from '../telemetry/health/readiness.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { Cursors } from './cursor.ts';

/** What the routes are given. */
export type ApiContext = {
  settings: ApiSettings;
  /** Undefined where the masking settings are not given. */
  masking: Config['masking'] | undefined;
  /** As login_etl_reader. */
  pool: Pool;
  logger: Logger;
  cursors: Cursors;
  metrics: ApiMetrics;
  readiness: Readiness;
};
