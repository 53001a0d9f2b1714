import { createInterface } from 'node:readline/promises';
import { UsageProblem } from '../options/usage-problem.ts';

/**
 * Asks before something is destroyed.
 * @throws UsageProblem when nobody can be asked, or the answer is not yes
 */
export async function confirm(what: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new UsageProblem(
      'nothing was done',
      'there is no terminal to ask at',
      'Say --yes if it is meant.',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C and Ctrl-D are no yes.
    const answer = await lines
      .question(`${what}\nThis can't be undone. Type yes to go on: `)
      .catch(() => '');
    if (answer.trim().toLowerCase() === 'yes') return;
  } finally {
    lines.close();
  }
  throw new UsageProblem(
    'nothing was done',
    'the answer was not yes',
    'Say --yes to skip the question.',
  );
}
