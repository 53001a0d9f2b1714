import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { startApi } from '../../src/api/start-api.ts';
import type { Config } from '../../src/config/config.ts';
import {
  API_SCOPES,
  type ApiScope,
  type ApiSettings,
} from '../../src/config/sections/api-section.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { createLogger } from '../../src/telemetry/logs/logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';

/** The token of a caller with this scope only. */
export const tokenWith = (scope: ApiScope): string => `${scope}-token`.padEnd(40, '0');
/** The token of a caller with all scopes. */
export const TOKEN = 'all-scopes-token'.padEnd(40, '0');
export const OTHER_TOKEN = 'other-caller-token'.padEnd(40, '0');

export const API_SETTINGS: ApiSettings = {
  listen: { host: '127.0.0.1', port: 0 },
  behindTlsProxy: false,
  tokens: [
    { name: 'all', secret: TOKEN, scopes: API_SCOPES },
    { name: 'other', secret: OTHER_TOKEN, scopes: API_SCOPES },
    ...API_SCOPES.map((scope) => ({ name: scope, secret: tokenWith(scope), scopes: [scope] })),
  ],
  requestsPerMinute: 100_000,
  lookupsPerMinute: 60,
  lookupValuesPerDay: 500,
  smallestGroup: 5,
  exportMaxRows: 10_000,
  guessableValues: false,
};

export type StartedApi = {
  url: string;
  database: TestDatabase;
  log(): string;
  /** With the token of all scopes, unless the headers have another. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
};

type StartOptions = {
  settings?: Partial<ApiSettings>;
  masking?: Config['masking'];
  /** Shared with another service; else one of its own. */
  database?: TestDatabase;
  /** In place of the database's own address. */
  databaseUrl?: string;
};

export const bearer = (token = TOKEN) => ({ authorization: `Bearer ${token}` });

/** A read service with the rights of login_etl_reader. Stop it. */
export async function startedApi({
  settings,
  masking,
  database,
  databaseUrl,
}: StartOptions = {}): Promise<StartedApi> {
  const used = database ?? (await createTestDatabase());
  let logged = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged += chunk.toString();
      done();
    },
  });
  const pool = postgresPool(
    { connectionString: databaseUrl ?? used.urls.reader, statement_timeout: 5_000 },
    { applicationName: 'test', readOnly: true },
  );
  const server = await startApi({
    settings: { ...API_SETTINGS, ...settings },
    masking,
    pool,
    logger: createLogger('trace', destination),
  });
  return {
    url: server.url,
    database: used,
    log: () => logged,
    get: (path, headers = {}) =>
      fetch(`${server.url}${path}`, { headers: { ...bearer(), ...headers } }),
    post: (path, body, headers = {}) =>
      fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(), ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    stop: async () => {
      await server.stop();
      await pool.end();
      if (!database) await used.remove();
    },
  };
}

/** Until the test ends. */
export async function apiInTest(options: StartOptions): Promise<StartedApi> {
  const api = await startedApi(options);
  onTestFinished(api.stop);
  return api;
}
