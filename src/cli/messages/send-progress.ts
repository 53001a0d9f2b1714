import { type Progress, startProgress } from '../terminal/progress-bar.ts';

/** Progress of sending, in bytes, since the number of lines is not known beforehand. */
export class SendProgress {
  count = 0;
  #bytes = 0;
  readonly #startedAt: number;
  readonly #bar: Progress;

  constructor(totalBytes: number, startedAt: number) {
    this.#startedAt = startedAt;
    const bar = totalBytes > 0 ? '{bar} {percentage}% | ' : '';
    this.#bar = startProgress(`  sending ${bar}{sent} messages | {rate}/s`, totalBytes);
  }

  readonly read = (bytes: number): void => {
    this.#bytes += bytes;
  };

  readonly sent = (count: number): void => {
    this.count = count;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    this.#bar.update(this.#bytes, { sent: count, rate: Math.round(count / seconds) });
  };

  stop(): void {
    this.#bar.stop();
  }
}
