import type { Counts } from '../../domain/counts.ts';
import { type ChosenTuning, describeChosen } from '../../domain/ingest-input.ts';
import type { RunWatcher } from '../../temporal/runs/follow-run.ts';
import type { RunState } from '../../temporal/runs/run-state.ts';
import { printMessage } from '../terminal/output.ts';
import { type Progress, startProgress } from '../terminal/progress-bar.ts';

/** A running worker picks up a run within this time. */
const PATIENCE_MS = 3_000;

/** A run on the terminal: a progress bar, and a line when something delays it. */
export class RunProgress implements Required<RunWatcher> {
  readonly #bar: Progress;
  #expected: number;
  #counts: Counts | undefined;
  #waitingSince: number | undefined;
  #note = '';
  #chosen = false;

  constructor(expected: number) {
    this.#expected = expected;
    const bar = expected > 0 ? '{bar} {percentage}% | {value} of about {total}' : '{value}';
    this.#bar = startProgress(`  ${bar} stored | {acknowledged} acknowledged{note}`, expected);
  }

  onCounts(counts: Counts): void {
    this.#counts = counts;
    this.#draw();
  }

  onChosen(chosen: ChosenTuning): void {
    if (!this.#chosen) printMessage(describeChosen(chosen));
    this.#chosen = true;
  }

  onState(state: RunState): void {
    const note = this.#describe(state);
    // Without a bar each note is printed once.
    if (note && note !== this.#note && !process.stderr.isTTY) printMessage(note);
    this.#note = note;
    this.#draw();
  }

  stop(): void {
    this.#bar.stop();
  }

  #describe(state: RunState): string {
    if (state.state !== 'not picked up') this.#waitingSince = undefined;
    if (state.state === 'running') return '';
    if (state.state === 'retrying') return `being retried: ${reasonOf(state)}`;
    if (state.state === 'stuck') return 'the worker fails to execute this run: see its log';
    this.#waitingSince ??= performance.now();
    return performance.now() - this.#waitingSince < PATIENCE_MS
      ? ''
      : 'waiting for a worker (npm run worker)';
  }

  #draw(): void {
    const { inserted = 0, duplicates = 0, quarantined = 0, acknowledged = 0 } = this.#counts ?? {};
    const stored = inserted + duplicates + quarantined;
    if (this.#expected > 0) this.#expected = Math.max(this.#expected, stored);
    this.#bar.update(
      stored,
      { acknowledged, note: this.#note && ` | ${this.#note}` },
      this.#expected,
    );
  }
}

/** Our own failures already name their step. */
const reasonOf = ({ step, reason }: { step: string; reason: string }): string =>
  reason.startsWith(step) ? reason : `${step}: ${reason}`;
