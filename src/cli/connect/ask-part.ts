import { ConfigError } from '../../config/config.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { grpcStatus, temporalProblem } from '../../temporal/temporal-problem.ts';

/** Each part is asked by itself and bounded: what does not answer does not hold up the others. */
const TIMEOUT_MS = 5_000;

export type Unreachable = { reachable: false; reason: string; whatToDo: string };
/** What a part answered, or why it cannot be had. */
export type Part<T> = ({ reachable: true } & T) | Unreachable;

export async function ask<T extends object>(
  whatToDo: string,
  look: () => Promise<T>,
): Promise<Part<T>> {
  const { promise: late, resolve } = Promise.withResolvers<Unreachable>();
  const reason = `no answer within ${TIMEOUT_MS / 1_000} s`;
  const timer = setTimeout(resolve, TIMEOUT_MS, { reachable: false, reason, whatToDo });
  try {
    return await Promise.race([
      look().then((answer) => ({ reachable: true as const, ...answer })),
      late,
    ]);
  } catch (error) {
    return { reachable: false, whatToDo, ...explain(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** In names and codes only: other people's messages may repeat what they were given. */
function explain(error: unknown): { reason: string; whatToDo?: string } {
  if (error instanceof ConfigError) {
    return {
      reason: error.problems.join('; '),
      whatToDo: 'Set it in the environment, or with --env-file PATH.',
    };
  }
  const isTemporals =
    grpcStatus(error) !== undefined ||
    ['NamespaceNotFoundError', 'UnknownPayloadKey'].includes((error as Error).name);
  const problem = isTemporals ? temporalProblem('', error) : error;
  if (problem instanceof Problem) return { reason: problem.why, whatToDo: problem.whatToDo };
  const { code, policy } = classifyError(error);
  // The driver's own errors, of connecting and of time running out, have no code.
  if (code === 'Error') return { reason: 'no connection can be made' };
  return { reason: `${policy.advice} (${code})` };
}
