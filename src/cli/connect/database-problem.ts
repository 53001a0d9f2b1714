import pg, { type PoolConfig } from 'pg';
import { type LocalUser, localEnvironmentFile } from '../../config/environment.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { isConnectionLost } from '../../errors/connection-lost.ts';
import { PostgresTlsError } from '../../errors/postgres-tls-error.ts';
import { Problem } from '../../errors/problem.ts';
import { ROLES } from './needed-user.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
const UNDEFINED_TABLE = '42P01';

/** Where a connection goes, without the password. The driver adds what the environment sets (PGHOST and so on). */
export function postgresAddress(settings: PoolConfig): string {
  const { host, port, database, user } = new pg.Client(settings);
  const at = host.startsWith('/') ? host : `${host}:${port}`;
  return `${at}, database ${database ?? user}, user ${user}`;
}

/**
 * What an error of Postgres means for a command.
 * @param user whose rights the command needs
 */
export function databaseProblem(
  error: unknown,
  { command, settings, user }: { command: string; settings: PoolConfig; user: LocalUser },
): Problem {
  if (error instanceof Problem) return error;
  const address = postgresAddress(settings);
  if (isNotAllowed(error)) {
    return new Problem(
      `login-etl ${command} was not done`,
      `${missingRight(error)} (${INSUFFICIENT_PRIVILEGE}), at ${address}`,
      needsRole(user),
    );
  }
  if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) {
    return new Problem(
      `login-etl ${command} was not done`,
      `a table is missing (${UNDEFINED_TABLE}), at ${address}`,
      'Check the database in DATABASE_URL, or run `login-etl migrate`.',
    );
  }
  const what = `Postgres at ${address} cannot be used`;
  if (error instanceof PostgresTlsError) return new Problem(what, error.why, error.whatToDo);
  const { code, policy } = classifyError(error);
  // The driver's own errors, of connecting and of time running out, have no code.
  const why = code === 'Error' ? 'no connection can be made' : `${policy.advice} (${code})`;
  return new Problem(what, why, 'Check DATABASE_URL (or PGHOST, …), and that the server is up.');
}

/** An answer of Postgres, or the loss of the connection to it. */
export const isDatabaseError = (error: unknown): boolean =>
  error instanceof pg.DatabaseError || isConnectionLost(error);

export const isNotAllowed = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE;

export function needsRole(user: LocalUser): string {
  const local = localEnvironmentFile(user);
  return (
    `This needs the role ${ROLES[user]}: set DATABASE_URL to a database user that has it.` +
    (local === undefined ? '' : ` For the stack of \`npm start\`, use --env-file ${local}.`)
  );
}

/** Postgres names the object in its message, and no value. In another language only the code is shown. */
export function missingRight(error: pg.DatabaseError): string {
  const object = /permission denied for (\w+ \S+)$/.exec(error.message)?.[1];
  return `the database user lacks a privilege${object ? ` on ${object}` : ''}`;
}
