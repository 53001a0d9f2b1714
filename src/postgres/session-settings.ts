import type { Pool, PoolConfig } from 'pg';

type Timeouts = { statementMs: number; idleInTransactionMs: number };

/** Longer than any insert takes, but shorter than the start-to-close timeout of its activity. */
export const STATEMENT_TIMEOUT_MS = 50_000;

const timeoutsOf = new WeakMap<Pool, Timeouts>();
const schemaOf = new WeakMap<Pool, string>();

/** Remembers a pool's timeouts and returns its other settings, since poolers refuse timeouts as startup parameters. */
export function takeTimeouts<Settings extends PoolConfig>(
  settings: Settings,
): {
  timeouts: Timeouts;
  rest: Omit<Settings, 'statement_timeout' | 'idle_in_transaction_session_timeout'>;
} {
  const { statement_timeout, idle_in_transaction_session_timeout, ...rest } = settings;
  const statementMs = Number(statement_timeout) || STATEMENT_TIMEOUT_MS;
  const idleInTransactionMs = idle_in_transaction_session_timeout || statementMs;
  return { timeouts: { statementMs, idleInTransactionMs }, rest };
}

export const setTimeouts = (pool: Pool, timeouts: Timeouts): unknown =>
  timeoutsOf.set(pool, timeouts);

/** Gives a pool the timeouts of another one, and a schema in place of the role's search_path. */
export function setSchema(pool: Pool, schema: string, like: Pool): void {
  schemaOf.set(pool, schema);
  const timeouts = timeoutsOf.get(like);
  if (timeouts) setTimeouts(pool, timeouts);
}

/**
 * Settings that our statements require, independent of the defaults of role and database. Each transaction sets them,
 * since behind a pooler the next one may use another connection.
 */
const RELIED_ON = {
  datestyle: 'ISO, MDY',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  extra_float_digits: '1',
  array_nulls: 'on',
};

/**
 * The search_path stays that of the role, since it says which schema the tables are in. Its schemas are fixed for the
 * transaction, so that `$user` stays what it is after a change of role, and temporary tables, which others may have left
 * on a pooler's connection, come last instead of first.
 */
const keepSchemas = (local: boolean) => `
  pg_catalog.set_config('search_path', coalesce(
    (
      select string_agg(quote_ident(name), ', ' order by place) || ', pg_temp'
      from unnest(current_schemas(false)) with ordinality as schemas (name, place) where name !~ '^pg_temp'
    ),
    current_setting('search_path')
  ), ${local})`;

/** Postgres 17 or later would end the session in the middle of a batch; earlier versions do not know the setting. */
const noTransactionTimeout = (local: boolean) => `
  case when pg_catalog.current_setting('server_version_num')::int >= 170000
    then pg_catalog.set_config('transaction_timeout', '0', ${local}) end`;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A statement that follows `begin`, in the same round trip: one for all settings, which takes half the time of many. */
export const localSettings = (pool: Pool): string => settingsOf(pool, true);

/** The same until the end of the connection, which has to have a server process of its own. */
export const lastingSettings = (pool: Pool): string => settingsOf(pool, false);

function settingsOf(pool: Pool, local: boolean): string {
  const { statementMs, idleInTransactionMs } = timeoutsOf.get(pool) ?? {
    statementMs: STATEMENT_TIMEOUT_MS,
    idleInTransactionMs: STATEMENT_TIMEOUT_MS,
  };
  const settings = Object.entries({
    ...RELIED_ON,
    statement_timeout: String(statementMs),
    idle_in_transaction_session_timeout: String(idleInTransactionMs),
  });
  const schema = schemaOf.get(pool);
  const path = schema
    ? setConfig('search_path', `"${schema.replaceAll('"', '""')}", pg_temp`, local)
    : keepSchemas(local);
  const set = settings.map(([name, value]) => setConfig(name, value, local));
  return `select ${[...set, noTransactionTimeout(local), path].join(', ')}`;
}

const setConfig = (name: string, value: string, local: boolean) =>
  `pg_catalog.set_config('${name}', ${literal(value)}, ${local})`;
