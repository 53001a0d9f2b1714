import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { ApiSettings, ApiToken } from '../config/sections/api-section.ts';
import { deriveKey } from '../crypto/keys/derive-key.ts';
import { classifyError } from '../errors/classify-error.ts';
import { closeServer, createServer, listenAt } from '../http/serve.ts';
import { readinessOf } from '../telemetry/health/readiness.ts';
import { apiMetrics } from './api-metrics.ts';
import { buildApp } from './build-app.ts';
import { answerCache } from './cache/answer-cache.ts';
import { cursors } from './cursor.ts';
import { keepSums } from './stats/keep-sums.ts';

const REREAD_MS = 2_000;

type RunningApi = {
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
  const { settings, pool, logger } = options;
  const secret = settings.secret ?? randomBytes(32);
  const server = createServer(settings);
  const metrics = apiMetrics();
  const answers = answerCache({
    pool,
    secret,
    redisUrl: settings.redisUrl,
    onRedisError: (error) =>
      logger.warn(codeOf(error), 'Redis does not answer: going on without it'),
    onAnswer: metrics.found,
  });
  metrics.setCacheCurrent(answers.isCurrent);
  const sums = keepSums(pool, (error) =>
    logger.warn(codeOf(error), 'the sums were not brought up to date'),
  );
  const app = await buildApp(
    {
      ...options,
      tokens: currentTokens(settings),
      answers,
      cursors: cursors(deriveKey(secret, 'api/cursor/1')),
      exportKey: deriveKey(secret, 'api/export/1'),
      sessionKey: deriveKey(secret, 'api/session/1'),
      metrics,
      readiness: readinessOf({ postgres: () => pool.query('select') }),
      isCacheCurrent: answers.isCurrent,
    },
    server,
  );
  const stopParts = async () => {
    await Promise.all([sums.stop(), answers.stop()]);
    await app.close();
  };
  try {
    const url = await listenAt(server, settings, { name: 'read service', setting: 'API_ADDRESS' });
    return {
      url,
      async stop() {
        await closeServer(server);
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

/** A token that was added or removed counts from two seconds later on. */
function currentTokens({ tokens, tokensInFile }: ApiSettings): () => readonly ApiToken[] {
  if (!tokensInFile) return () => tokens;
  let latest = tokens;
  let readAtMs = performance.now();
  return () => {
    if (performance.now() - readAtMs > REREAD_MS) {
      latest = tokensInFile();
      readAtMs = performance.now();
    }
    return latest;
  };
}

const codeOf = (error: unknown) => ({ code: classifyError(error).code });
