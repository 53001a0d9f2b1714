import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { ApiSettings } from '../config/sections/api-section.ts';
import { deriveKey } from '../crypto/keys/derive-key.ts';
import { closeServer, createServer, listenAt } from '../http/serve.ts';
import { readinessOf } from '../telemetry/health/readiness.ts';
import { apiMetrics } from './api-metrics.ts';
import { buildApp } from './build-app.ts';
import { cursors } from './cursor.ts';
import { uncachedAnswers } from './uncached-answers.ts';

export type RunningApi = {
  url: string;
  stop(): Promise<void>;
};

/** @param pool connects as login_etl_reader */
export async function startApi(options: {
  settings: ApiSettings;
  masking: Config['masking'] | undefined;
  pool: Pool;
  logger: Logger;
}): Promise<RunningApi> {
  const { settings, pool } = options;
  const secret = settings.secret ?? randomBytes(32);
  const server = createServer(settings);
  const app = await buildApp(
    {
      ...options,
      answers: uncachedAnswers(pool),
      cursors: cursors(deriveKey(secret, 'api/cursor/1')),
      exportKey: deriveKey(secret, 'api/export/1'),
      metrics: apiMetrics(),
      readiness: readinessOf({ postgres: () => pool.query('select') }),
    },
    server,
  );
  const url = await listenAt(server, settings, { name: 'read service', setting: 'API_ADDRESS' });
  return {
    url,
    async stop() {
      await closeServer(server);
      await app.close();
    },
  };
}
