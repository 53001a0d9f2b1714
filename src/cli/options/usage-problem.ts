import { Problem } from '../../errors/problem.ts';

/** The command line is not valid: exit code 2. */
export class UsageProblem extends Problem {
  override name = 'UsageProblem';
}
