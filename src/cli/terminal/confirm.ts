import { UsageProblem } from '../options/usage-problem.ts';
import { type Lines, printMessage } from './output.ts';
import { ask } from './read-input.ts';

/**
 * Asks before something is destroyed.
 * @param what will happen, shown first
 * @throws UsageProblem when there is no terminal to ask on, or the answer is not yes
 */
export async function confirm(what: Lines, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new UsageProblem(
      'nothing was done',
      'there is no terminal to ask for confirmation on',
      'Confirm with --yes.',
    );
  }
  printMessage(what);
  const answer = await ask('This cannot be undone. Type yes to go on: ');
  if (answer.trim().toLowerCase() === 'yes') return;
  throw new UsageProblem(
    'nothing was done',
    'the answer was not yes',
    'Run it again and answer yes, or skip the question with --yes.',
  );
}
