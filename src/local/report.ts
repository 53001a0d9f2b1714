import { styleText } from 'node:util';
import { wrapLine } from '../cli/terminal/wrap-line.ts';

/** The usual width of a terminal. */
const WIDTH = 80;

type Timer = { part: string; startedAt: number };

/** The output of `npm start`, with a line for each part. */
export class Report {
  readonly #out: NodeJS.WriteStream;
  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  /** False for a file or a pipe, which others may read later. */
  get isTerminal(): boolean {
    return this.#out.isTTY;
  }

  line(text = ''): void {
    const lines = text.split('\n').flatMap((each) => wrapLine(each, WIDTH));
    this.#out.write(`${lines.join('\n')}\n`);
  }

  heading(text: string): void {
    this.line(`\n${this.style('bold', text)}`);
  }

  note(text: string): void {
    this.line(this.style('dim', `  … ${text}`));
  }

  begin(part: string): Timer {
    return { part, startedAt: performance.now() };
  }

  /** @param takenPort its usual port, if it has to use another */
  up({ part, startedAt }: Timer, where: string, takenPort?: number): void {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const why =
      takenPort === undefined ? '' : this.style('yellow', ` (not ${takenPort}, its usual port)`);
    this.line(
      `  ${this.style('green', '✓')} ${part.padEnd(12)} ${where}${why} ${this.style('dim', `${seconds} s`)}`,
    );
  }

  style(format: Parameters<typeof styleText>[0], text: string): string {
    return styleText(format, text, { stream: this.#out });
  }
}
