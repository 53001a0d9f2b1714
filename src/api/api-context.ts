import type { KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { ApiSettings, ApiToken } from '../config/sections/api-section.ts';
import type { Readiness } from '../telemetry/health/readiness.ts';
import type { ApiMetrics } from './api-metrics.ts';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { Cursors } from './cursor.ts';

/** What the routes are given. */
export type ApiContext = {
  settings: ApiSettings;
  /** Those that count now: the file that has them may be replaced. */
  tokens: () => readonly ApiToken[];
  /** Undefined where the masking settings are not given. */
  masking: Config['masking'] | undefined;
  /** As login_etl_reader. */
  pool: Pool;
  logger: Logger;
  answers: Pick<AnswerCache, 'answer'>;
  cursors: Cursors;
  /** Seals what is exported. */
  exportKey: KeyObject;
  /** Seals the JWTs of browsers' sessions. */
  sessionKey: KeyObject;
  metrics: ApiMetrics;
  readiness: Readiness;
  /** False while every answer comes from the database, since changes are not followed closely enough. */
  isCacheCurrent(): boolean;
};
