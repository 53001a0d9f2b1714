import pg, { type Pool, type QueryConfig } from 'pg';
import { queryInTransaction } from './in-transaction.ts';
import { setSchema, setTimeouts, takeTimeouts } from './session-settings.ts';
import { type PostgresSettings, TlsClient } from './tls.ts';

/** More than the lanes of one worker that insert concurrently, including the checks. */
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** Added to the statement timeout, so that the server's error arrives first. */
const ANSWER_MS = 5_000;

const BEGIN = 'begin isolation level read committed';

/**
 * Creates a pool that survives restarts of the server: a lost idle connection is reported and replaced. It works behind a
 * pooler in session or transaction mode, without startup parameters, named statements or session state. So `pool.query`
 * is a transaction, too, with the settings of `session-settings.ts`.
 */
export function postgresPool(
  settings: PostgresSettings,
  {
    applicationName,
    readOnly = false,
    onIdleError,
  }: {
    applicationName: string;
    /** `pool.query` refuses statements that write. */
    readOnly?: boolean;
    onIdleError?: () => void;
  },
): Pool {
  const { timeouts, rest } = takeTimeouts(settings);
  const pool = new pg.Pool({
    Client: TlsClient,
    max: MAX_CONNECTIONS,
    // Statements that nobody waits for one by one are sent at once.
    pipeline: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: timeouts.statementMs + ANSWER_MS,
    keepAlive: true,
    application_name: applicationName,
    ...rest,
  });
  setTimeouts(pool, timeouts);
  pool.query = queryOf(pool, readOnly ? `${BEGIN} read only` : BEGIN);
  // Without a listener, a lost idle connection would end the process.
  pool.on('error', () => onIdleError?.());
  return pool;
}

const queryOf = (pool: Pool, begin: string) =>
  ((statement: string | QueryConfig, values?: unknown[]) =>
    queryInTransaction(pool, begin, statement, values)) as Pool['query'];

/** The connections of a pool, for statements about the tables of one schema. */
export function poolInSchema(pool: Pool, schema: string): Pool {
  const inSchema = { connect: () => pool.connect() } as Pool;
  setSchema(inSchema, schema, pool);
  inSchema.query = queryOf(inSchema, BEGIN);
  return inSchema;
}
