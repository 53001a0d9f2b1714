import pg, { type Pool } from 'pg';
import { inTransaction } from './in-transaction.ts';
import { setTimeouts, takeTimeouts } from './session-settings.ts';
import { type PostgresSettings, TlsClient } from './tls.ts';

/** Lanes of one worker that may insert at once, with room for the checks. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server's timeout comes first, so that its error arrives. */
const ANSWER_MS = 5_000;

const BEGIN = 'begin isolation level read committed';

/**
 * A pool that outlives the server: a lost idle connection is reported and replaced. It works behind a pooler in
 * session or transaction mode: no parameters at the start, no named statements, and nothing is kept in a session. So
 * `pool.query` too is a transaction, with the settings of `session-settings.ts`.
 */
export function postgresPool(
  settings: PostgresSettings,
  { applicationName, onIdleError }: { applicationName: string; onIdleError?: () => void },
): Pool {
  const { timeouts, rest } = takeTimeouts(settings);
  const pool = new pg.Pool({
    Client: TlsClient,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: timeouts.statementMs + ANSWER_MS,
    keepAlive: true,
    application_name: applicationName,
    ...rest,
  });
  setTimeouts(pool, timeouts);
  pool.query = ((text: string, values?: unknown[]) =>
    inTransaction(pool, BEGIN, (client) => client.query(text, values))) as Pool['query'];
  // Without a listener a lost idle connection would end the process.
  pool.on('error', () => onIdleError?.());
  return pool;
}
