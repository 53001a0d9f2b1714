import { styleText } from 'node:util';

export type Timer = { part: string; startedAt: number };

/** What `npm start` tells its reader: a line a part. */
export class Report {
  readonly #out: NodeJS.WriteStream;
  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
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
