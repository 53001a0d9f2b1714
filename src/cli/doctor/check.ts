import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { answerWithin } from '../connect/answer-within.ts';

/** Each check is bounded, so that doctor ends even where nothing answers. */
const TIMEOUT_MS = 5_000;

export type Finding = {
  status: 'ok' | 'warning' | 'failed';
  detail: string;
  whatToDo?: string;
};

export type Check = {
  name: string;
  /** Another check that must pass before this one is run. */
  needs?: string;
  run(): Promise<Finding> | Finding;
  /** Turns an error of `run` into a finding. */
  explain?(error: unknown): Omit<Finding, 'status'>;
};

export type Result = { name: string } & Finding;

/** Checks, and how to close the connections that they opened. */
export type CheckList = { checks: Check[]; close?(): Promise<void> };

export const ok = (detail: string): Finding => ({ status: 'ok', detail });
export const warning = (detail: string, whatToDo: string): Finding => ({
  status: 'warning',
  detail,
  whatToDo,
});
export const failed = (detail: string, whatToDo: string): Finding => ({
  status: 'failed',
  detail,
  whatToDo,
});

/** @param again what to do once the cause is mended */
export function explainByCode(
  error: unknown,
  again = 'run doctor again',
): { detail: string; whatToDo: string } {
  if (error instanceof Problem) return { detail: error.why, whatToDo: error.whatToDo };
  const { code, policy } = classifyError(error);
  return { detail: `${policy.advice} (${code})`, whatToDo: `Correct that, then ${again}.` };
}

/** Runs the lists side by side, so that a part which does not answer holds up no other, and returns the findings in order. */
export async function* runChecks(lists: readonly CheckList[]): AsyncGenerator<Result> {
  for (const result of lists.flatMap(({ checks }) => startChecks(checks))) yield await result;
}

/** One check after the other. A failed check skips only those that need it. */
function startChecks(checks: readonly Check[]): Promise<Result>[] {
  const notPassed = new Set<string>();
  let before: Promise<unknown> = Promise.resolve();
  return checks.map((check) => {
    const { name, needs } = check;
    const result = before.then(async () => {
      const finding =
        needs !== undefined && notPassed.has(needs)
          ? warning('not checked', `Fix this first: ${needs}.`)
          : await examine(check);
      if (finding.status === 'failed' || finding.detail === 'not checked') notPassed.add(name);
      return { name, ...finding };
    });
    before = result;
    return result;
  });
}

async function examine({ run, explain }: Check): Promise<Finding> {
  const late = () =>
    failed(`no answer within ${TIMEOUT_MS / 1_000} s`, 'Check its address and the network.');
  try {
    return await answerWithin(TIMEOUT_MS, run, late);
  } catch (error) {
    return { status: 'failed', ...(explain ?? explainByCode)(error) };
  }
}
