import { printable } from '../terminal/printable.ts';

/** What commander says of a command line that makes no sense, in the three parts of every error. */
export function usageError(text: string): string {
  const said = text.trim().replace(/^error: /, '');
  const [why, ...hints] = said.split('\n').map(printable);
  const hint = hints.length > 0 ? ` ${hints.join(' ')}` : '';
  return `error: the command line makes no sense\n  why: ${why}${hint}\n  what to do: Run it with --help to see how it is used.\n`;
}
