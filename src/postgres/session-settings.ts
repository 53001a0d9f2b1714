import type { Pool, PoolConfig } from 'pg';

export type Timeouts = { statementMs: number; idleInTransactionMs: number };

/** Longer than any insert of ours takes, shorter than its activity's start-to-close timeout. */
export const STATEMENT_TIMEOUT_MS = 50_000;

const timeoutsOf = new WeakMap<Pool, Timeouts>();

/** Remembers the timeouts of a pool, and returns its other settings: a pooler refuses the connection with them. */
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

/**
 * What our statements rely on, whatever the role's or the database's defaults are. They are set with each transaction,
 * since behind a pooler the next one may be on another connection.
 */
const RELIED_ON = [
  `datestyle = 'ISO, MDY'`,
  `timezone = 'UTC'`,
  `intervalstyle = 'postgres'`,
  `bytea_output = 'hex'`,
  `standard_conforming_strings = on`,
  `extra_float_digits = 1`,
];

/** Statements that follow `begin`, in the same round trip. */
export function localSettings(pool: Pool): string {
  const { statementMs, idleInTransactionMs } = timeoutsOf.get(pool) ?? {
    statementMs: STATEMENT_TIMEOUT_MS,
    idleInTransactionMs: STATEMENT_TIMEOUT_MS,
  };
  return [
    ...RELIED_ON,
    `statement_timeout = ${statementMs}`,
    `idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
  ]
    .map((setting) => `set local ${setting}`)
    .join('; ');
}
