import { printable } from '../terminal/printable.ts';

/** What commander says of an invalid command line, in the three parts of every error. */
export function usageError(text: string): string {
  const said = text.trim().replace(/^error: /, '');
  const [why, ...hints] = said.split('\n').map(printable);
  const hint = hints.length > 0 ? ` ${hints.join(' ')}` : '';
  return `error: the command line is not valid\n  why: ${why}${hint}\n  what to do: Run it with --help to see how it is used.\n`;
}
