import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';

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

function explainByCode(error: unknown): Omit<Finding, 'status'> {
  if (error instanceof Problem) return { detail: error.why, whatToDo: error.whatToDo };
  const { code, policy } = classifyError(error);
  return { detail: `${policy.advice} (${code})`, whatToDo: 'Correct that, then run doctor again.' };
}

/** Runs one check after the other. A failed check skips only those that need it. */
export async function* runChecks(checks: readonly Check[]): AsyncGenerator<Result> {
  const notPassed = new Set<string>();
  for (const check of checks) {
    const { name, needs } = check;
    const finding =
      needs !== undefined && notPassed.has(needs)
        ? warning('not checked', `Fix this first: ${needs}.`)
        : await examine(check);
    if (finding.status === 'failed' || finding.detail === 'not checked') notPassed.add(name);
    yield { name, ...finding };
  }
}

async function examine({ run, explain }: Check): Promise<Finding> {
  const { promise: late, resolve } = Promise.withResolvers<Finding>();
  const noAnswer = failed(
    `no answer within ${TIMEOUT_MS / 1_000} s`,
    'Check its address and the network.',
  );
  const timer = setTimeout(resolve, TIMEOUT_MS, noAnswer);
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    return { status: 'failed', ...(explain ?? explainByCode)(error) };
  } finally {
    clearTimeout(timer);
  }
}
