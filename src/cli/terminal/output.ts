import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What a command was asked for: the only thing on standard output. */
export const printData = (text: string): boolean => process.stdout.write(`${text}\n`);

export const printJson = (data: unknown): boolean => printData(JSON.stringify(data, null, 2));

/** What is said meanwhile, and what went wrong: on standard error, out of the way of pipes. */
export const printMessage = (text: string): boolean => process.stderr.write(`${text}\n`);

/** Colour on a terminal only, and not with NO_COLOR. */
export const styled = (
  style: Style,
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string => styleText(style, text, { stream });

/** How many characters a line of the terminal has; undefined in a file or a pipe. */
export const terminalWidth = (stream: NodeJS.WriteStream = process.stdout): number | undefined =>
  stream.isTTY ? stream.columns : undefined;

/** A reader that has seen enough (`| head`) is no failure. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
