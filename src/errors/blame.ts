import pg from 'pg';
import { policyForSqlstate } from './error-policy.ts';

/** Trouble of the server, whatever row is inserted, unless a function raises the code on purpose. */
const OF_THE_SERVER = /^(08|25006|40|53|55P03|57|58|F0|HV|XX|LE002)/;

/**
 * Whether a function, such as that of a trigger, raised the error on purpose: then its code, which may be any, says
 * nothing about the server. The first line of the context names the innermost statement; the keyword is not translated.
 */
export const isRaised = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /RAISE/.test(error.where?.split('\n', 1)[0] ?? '');

/**
 * Whether a row may be the reason that a statement failed. Codes that say what is wrong with tables, privileges or the
 * connection do so where they come from within a function, or are `final`: other rows may be stored.
 */
export function mayBlameRow(error: pg.DatabaseError): boolean {
  const code = error.code ?? '';
  if (isRaised(error)) return true;
  if (isOfServer(code)) return false;
  return isOfRow(code) || Boolean(error.where) || /^(42|3F)/.test(code);
}

const isOfRow = (code: string): boolean => policyForSqlstate(code).action === 'row';

/**
 * Whether a row that failed alone is to blame.
 * @param othersGoIn whether other rows can be stored: only then for a code that mostly means trouble with the server, with
 * tables or privileges
 */
export const isRowToBlame = (
  { code, raised }: { code: string; raised: boolean },
  othersGoIn: boolean,
): boolean => isOfRow(code) || (othersGoIn && (raised || !isOfServer(code)));

export const isOfServer = (code: string): boolean => OF_THE_SERVER.test(code);
