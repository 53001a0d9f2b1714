import { ConfigError } from '../../config/config.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { isTemporalError, temporalProblem } from '../../temporal/temporal-problem.ts';
import { answerWithin } from './answer-within.ts';
import { isNotAllowed, missingRight, needsRole } from './database-problem.ts';

/** Each part is asked by itself and bounded: one that does not answer does not hold up the others. */
const TIMEOUT_MS = 5_000;

export type Unreachable = { reachable: false; reason: string; whatToDo: string };
/** What a part answered, or why it did not. */
export type Part<T> = ({ reachable: true } & T) | Unreachable;

/** @param tried where the part was looked for; throws when it is not configured */
export async function ask<T extends object>(
  { tried, whatToDo }: { tried: () => string; whatToDo: string },
  look: () => Promise<T>,
): Promise<Part<T>> {
  const answer = async () => ({ reachable: true as const, ...(await look()) });
  const late = (): Unreachable => ({
    reachable: false,
    reason: `no answer within ${TIMEOUT_MS / 1_000} s${where(tried)}`,
    whatToDo,
  });
  try {
    return await answerWithin(TIMEOUT_MS, answer, late);
  } catch (error) {
    const explained = explain(error);
    const reason = `${explained.reason}${where(tried)}`;
    return { reachable: false, whatToDo, ...explained, reason };
  }
}

function where(tried: () => string): string {
  try {
    return ` (tried ${tried()})`;
  } catch {
    return '';
  }
}

/** By names and codes only: messages of libraries may repeat what they were given. */
function explain(error: unknown): { reason: string; whatToDo?: string } {
  if (error instanceof ConfigError) {
    return {
      reason: error.problems.join('; '),
      whatToDo: 'Set it in the environment, or with --env-file PATH.',
    };
  }
  if (isNotAllowed(error)) {
    return { reason: `${missingRight(error)} (${error.code})`, whatToDo: needsRole('worker') };
  }
  const problem = isTemporalError(error) ? temporalProblem('', error) : error;
  if (problem instanceof Problem) return { reason: problem.why, whatToDo: problem.whatToDo };
  const { code, policy } = classifyError(error);
  // The driver's own errors, of connecting and of time running out, have no code.
  if (code === 'Error') return { reason: 'no connection can be made' };
  return { reason: `${policy.advice} (${code})` };
}
