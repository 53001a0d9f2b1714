import { ConfigError } from '../../config/config.ts';
import { localEnvironmentPassedOver } from '../../config/environment.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { EXIT } from '../exit-codes.ts';
import { UsageProblem } from '../options/usage-problem.ts';
import { printMessage, styled } from './output.ts';

/** Says what went wrong, why, and what to do. @returns the exit code */
export function reportError(error: unknown): number {
  if (error instanceof ConfigError) reportConfigError(error);
  else reportProblem(error instanceof Problem ? error : toProblem(error));
  const local = localEnvironmentPassedOver();
  // A file that was named has what it should have, unless a setting is missing.
  if (local !== undefined && (!local.named || error instanceof ConfigError)) {
    printMessage(
      `  note: ${local.path} was not used, because ${local.named ? '--env-file names another' : 'the environment has settings of its own'}; --env-file ${local.path} uses it`,
    );
  }
  return error instanceof UsageProblem ? EXIT.usage : EXIT.failure;
}

export const reportProblem = ({ what, why, whatToDo }: Problem): boolean =>
  printMessage([
    `${styled('red', 'error:', process.stderr)} ${what}`,
    `  why: ${why}`,
    ...whatToDo.split('\n').map((line, at) => (at === 0 ? `  what to do: ${line}` : line)),
  ]);

const reportConfigError = ({ problems }: ConfigError): boolean =>
  printMessage([
    `${styled('red', 'error:', process.stderr)} the configuration is not complete`,
    ...problems.map((problem, at) => (at === 0 ? `  why: ${problem}` : `    ${problem}`)),
    '  what to do: Set them in the environment, or name a file: login-etl --env-file PATH …',
  ]);

/** Messages of libraries may repeat what they were given, so only name and code are shown. */
function toProblem(error: unknown): Problem {
  const { code, policy } = classifyError(error);
  return new Problem(
    'the command did not succeed',
    `${policy.advice} (${code})`,
    'Run `login-etl doctor`: it checks each part in turn.',
  );
}
