import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';
import { printableWithTabs } from '../../domain/printable.ts';
import { wrapLine } from './wrap-line.ts';

// All that the command line writes goes through this file, which makes it safe to show. Values come from senders,
// workers and other people: a control character in one of them must not reach a terminal.

type Style = Parameters<typeof styleText>[0];

/** One line, or several. A line feed inside a line is escaped, so that a value cannot pass for a line of ours. */
export type Lines = string | readonly string[];

/** Stands for the escape character in our own styles until they are written. No value can contain it by chance. */
const OWN_ESCAPE = randomUUID();

/** What was asked for: the only thing on standard output. */
export const printData = (lines: Lines): boolean => writeLines(process.stdout, lines);

/** Notes, warnings and errors: on standard error, so that they stay out of pipes. */
export const printMessage = (lines: Lines): boolean => writeLines(process.stderr, lines);

/** A text of several lines as it is, for example the body of a message: made safe, not wrapped. */
export const printText = (text: string): boolean =>
  process.stdout.write(`${text.split('\n').map(printableWithTabs).join('\n')}\n`);

export const printJson = (data: unknown): boolean => printText(JSON.stringify(data, null, 2));

/** Draws over what is on the screen; elsewhere prints one text after the other. */
export function redraw(lines: Lines): void {
  if (!process.stdout.isTTY) {
    printData(lines);
    return;
  }
  const text = shown(process.stdout, lines).map((line) => `${line}\x1b[K\n`);
  process.stdout.write(`\x1b[H${text.join('')}\x1b[J`);
}

export const clearScreen = (): void => {
  if (process.stdout.isTTY) process.stdout.write('\x1b[2J');
};

/** In colour on a terminal, without NO_COLOR. */
export const styled = (
  style: Style,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string => styleText(style, printableWithTabs(text), { stream }).replaceAll('\x1b', OWN_ESCAPE);

/** Characters in a line of the terminal; undefined for a file or a pipe. */
export const terminalWidth = (stream: NodeJS.WriteStream = process.stdout): number | undefined =>
  stream.isTTY ? stream.columns || 80 : undefined;

/** A reader that has seen enough (`| head`) is not a failure. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}

function writeLines(stream: NodeJS.WriteStream, lines: Lines): boolean {
  return stream.write(`${shown(stream, lines).join('\n')}\n`);
}

function shown(stream: NodeJS.WriteStream, lines: Lines): string[] {
  const width = terminalWidth(stream) ?? Number.POSITIVE_INFINITY;
  return [lines]
    .flat()
    .map((line) => printableWithTabs(line).replaceAll(OWN_ESCAPE, '\x1b'))
    .flatMap((line) => wrapLine(line, width));
}
