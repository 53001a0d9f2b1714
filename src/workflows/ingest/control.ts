import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { Counts } from '../../domain/counts.ts';
import type { ChosenTuning } from '../../domain/ingest-input.ts';
import type { Progress, RunState } from '../../domain/progress.ts';

export type ControlName = 'pause' | 'resume' | 'drain';

/** tctl, the Temporal CLI and the Web UI can all send signals without an argument. */
const SIGNALS = {
  /** Finishes the current batches and begins no other until `resume`. */
  pause: defineSignal('pause'),
  resume: defineSignal('resume'),
  /** Finishes the current batches, then completes. */
  drain: defineSignal('drain'),
};
const progressQuery = defineQuery<Progress>('progress');

/** Handles the signals and the query by which people control a run. */
export class Control {
  state: RunState;
  #onChange: (name: ControlName) => void = () => undefined;

  /** @param state that of the run that this one continues, or `draining` */
  constructor(state: RunState) {
    this.state = state;
  }

  /** Call this when everything that `onChange` uses is initialized: earlier signals are handled at once. */
  listen(onChange: (name: ControlName) => void): void {
    this.#onChange = onChange;
    for (const name of Object.keys(SIGNALS) as ControlName[]) {
      setHandler(SIGNALS[name], () => this.steer(name));
    }
  }

  /** A run that is stopping ignores all further signals. */
  steer(name: ControlName): void {
    if (this.state === 'stopping') return;
    this.state = ({ pause: 'paused', resume: 'draining', drain: 'stopping' } as const)[name];
    this.#onChange(name);
  }

  get paused(): boolean {
    return this.state === 'paused';
  }

  get stopping(): boolean {
    return this.state === 'stopping';
  }

  async whilePaused(): Promise<void> {
    await condition(() => !this.paused);
  }

  answer(lanes: number, counts: () => Counts, chosen?: ChosenTuning): void {
    setHandler(progressQuery, () => ({ state: this.state, lanes, counts: counts(), chosen }));
  }
}
