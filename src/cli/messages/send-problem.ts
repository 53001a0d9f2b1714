import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { CHECK_QUEUE } from '../connect/queue-problem.ts';

/** Errors of SQS that are about the message itself. */
const REFUSED = new Set(['SendRefused', 'InvalidMessageContents', 'BatchRequestTooLong']);

/** Why sending stopped, and after how many messages. The last batches may have arrived without an answer. */
export function sendProblem(error: unknown, sent: number): Problem {
  if (error instanceof Problem) {
    return new Problem(
      `${error.what}, and at least ${sent} message(s) were sent`,
      error.why,
      error.whatToDo,
    );
  }
  const { code, policy } = classifyError(error);
  const what = `sending stopped after at least ${sent} message(s)`;
  return REFUSED.has(code)
    ? new Problem(
        what,
        `SQS refuses a message (${code})`,
        'A message may have up to 1 MiB, and no control characters except tab, LF and CR.',
      )
    : new Problem(what, `${policy.advice} (${code})`, CHECK_QUEUE);
}
