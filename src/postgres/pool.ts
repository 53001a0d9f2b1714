import pg, { type Pool } from 'pg';
import { type PostgresSettings, TlsClient } from './tls.ts';

/** Lanes of one worker that may insert at once, with room for the checks. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than any insert of ours takes, shorter than its activity's start-to-close timeout. */
const STATEMENT_TIMEOUT_MS = 50_000;

/** A pool that outlives the server: a lost idle connection is reported and replaced. */
export function postgresPool(
  settings: PostgresSettings,
  { applicationName, onIdleError }: { applicationName: string; onIdleError?: () => void },
): Pool {
  const pool = new pg.Pool({
    Client: TlsClient,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + 5_000,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: applicationName,
    ...settings,
  });
  // Without a listener a lost idle connection would end the process.
  pool.on('error', () => onIdleError?.());
  return pool;
}
