import { constants } from 'node:os';
import { ApplicationFailure } from '@temporalio/common';
import { AWS_POLICY, OWN_POLICY, SQLSTATE_POLICY } from '../errors/error-policy.ts';

/** Returns the code of a step's failure as a label from a fixed set, else `other`. */
export function errorLabel(error: unknown): string {
  const code = error instanceof ApplicationFailure ? (error.type ?? '') : '';
  if (Object.hasOwn(AWS_POLICY, code) || Object.hasOwn(OWN_POLICY, code)) return code;
  // Check this before SQLSTATE: EPIPE has five characters, too.
  if (Object.hasOwn(constants.errno, code) || code.startsWith('UND_ERR_')) return 'network';
  const sqlstateClass = /^[0-9A-Z]{5}$/.test(code) ? code.slice(0, 2) : '';
  if (Object.hasOwn(SQLSTATE_POLICY, sqlstateClass)) return `sqlstate_${sqlstateClass}`;
  return 'other';
}
