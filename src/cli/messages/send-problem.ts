import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { CHECK_QUEUE } from '../connect/with-queue.ts';

/** SQS' answers to what a message itself is. */
const REFUSED = new Set(['SendRefused', 'InvalidMessageContents', 'BatchRequestTooLong']);

/** Why sending stopped, and how far it had got: the last batches may have arrived without an answer. */
export function sendProblem(error: unknown, sent: number): Problem {
  if (error instanceof Problem) {
    return new Problem(
      `${error.what}, and at least ${sent} message(s) were sent`,
      error.why,
      error.whatToDo,
    );
  }
  const { code, policy } = classifyError(error);
  const what = `not all messages were sent: at least ${sent} were, before it stopped`;
  return REFUSED.has(code)
    ? new Problem(
        what,
        `SQS refuses a message (${code})`,
        'A message may be 1 MiB at most and hold no control characters but tab, LF and CR.',
      )
    : new Problem(what, `${policy.advice} (${code})`, CHECK_QUEUE);
}
