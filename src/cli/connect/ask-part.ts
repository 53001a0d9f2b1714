import { ConfigError } from '../../config/config.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { isTemporalError, temporalProblem } from '../../temporal/temporal-problem.ts';
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
  const { promise: late, resolve } = Promise.withResolvers<Unreachable>();
  const timer = setTimeout(() => {
    const reason = `no answer within ${TIMEOUT_MS / 1_000} s${where(tried)}`;
    resolve({ reachable: false, reason, whatToDo });
  }, TIMEOUT_MS);
  try {
    return await Promise.race([
      look().then((answer) => ({ reachable: true as const, ...answer })),
      late,
    ]);
  } catch (error) {
    const explained = explain(error);
    const reason = `${explained.reason}${where(tried)}`;
    return { reachable: false, whatToDo, ...explained, reason };
  } finally {
    clearTimeout(timer);
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
