import { constants } from 'node:os';
import { ApplicationFailure } from '@temporalio/common';
import { AWS_RULINGS, OWN_RULINGS, SQLSTATE_RULINGS } from '../domain/verdicts.ts';

/** The code of a step's failure as a label: one of a set that is known beforehand, else `other`. */
export function errorLabel(error: unknown): string {
  const code = error instanceof ApplicationFailure ? (error.type ?? '') : '';
  if (Object.hasOwn(AWS_RULINGS, code) || Object.hasOwn(OWN_RULINGS, code)) return code;
  // Before SQLSTATE: EPIPE has five characters too.
  if (Object.hasOwn(constants.errno, code) || code.startsWith('UND_ERR_')) return 'network';
  const sqlstateClass = /^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : '';
  if (Object.hasOwn(SQLSTATE_RULINGS, sqlstateClass)) return `sqlstate_${sqlstateClass}`;
  return 'other';
}
