import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { classifyError } from '../errors/classify-error.ts';

/**
 * Turns what went wrong into a failure that may be seen: made of the step, a code and our own advice. The
 * error's own message, detail and cause can hold values of a row, and are left behind.
 */
export function toFailure(step: string, error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const { code, policy } = classifyError(error);
  return ApplicationFailure.create({
    message: `${step}: ${policy.advice} (${code})`,
    type: code,
    nonRetryable: policy.action === 'final',
  });
}
