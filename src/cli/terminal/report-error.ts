import { ConfigError } from '../../config/config.ts';
import { LOCAL_ENVIRONMENT_FILE, localEnvironmentPassedOver } from '../../config/environment.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import { EXIT } from '../exit-codes.ts';
import { UsageProblem } from '../options/usage-problem.ts';
import { printMessage, styled } from './output.ts';

/** Says what went wrong, why, and what to do. @returns the exit code */
export function reportError(error: unknown): number {
  const { what, why, whatToDo } = error instanceof Problem ? error : toProblem(error);
  printMessage(
    `${styled('red', 'error:', process.stderr)} ${what}\n  why: ${why}\n  what to do: ${whatToDo}`,
  );
  if (localEnvironmentPassedOver()) {
    printMessage(
      `  note: ${LOCAL_ENVIRONMENT_FILE} was not used, since the environment has settings of its own`,
    );
  }
  return error instanceof UsageProblem ? EXIT.usage : EXIT.failure;
}

function toProblem(error: unknown): Problem {
  if (error instanceof ConfigError) {
    const list = error.problems.map((problem) => `\n    ${problem}`).join('');
    return new Problem(
      'the configuration is not complete',
      list.trimStart(),
      'Set them in the environment, or name a file: login-etl --env-file PATH …',
    );
  }
  // Other people's messages may repeat what they were given, so only name and code are shown.
  const { code, policy } = classifyError(error);
  return new Problem(
    'the command did not succeed',
    `${policy.advice} (${code})`,
    'Run `login-etl doctor`: it checks each part in turn.',
  );
}
