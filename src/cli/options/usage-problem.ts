import { Problem } from '../../errors/problem.ts';

/** The command line makes no sense: exit code 2. */
export class UsageProblem extends Problem {
  override name = 'UsageProblem';
}
