import { Problem } from '../../errors/problem.ts';

/** The command line is not valid: exit code 2. */
export class UsageProblem extends Problem {
  override name = 'UsageProblem';
}

/** What commander says of an invalid command line, in the three parts of every error. */
export function usageProblem(commandersText: string): UsageProblem {
  const text = commandersText.trim().replace(/^error: /, '');
  return new UsageProblem(
    'the command line is not valid',
    text.replaceAll(/\n\s*/g, ' '),
    'See --help for the usage.',
  );
}
