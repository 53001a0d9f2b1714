import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { Counts } from '../../domain/counts.ts';
import type { Progress, RunState } from '../../domain/progress.ts';

/** Begin no batch until `resume`; what is in hand is finished. */
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
/** Finish what is in hand, then complete. */
export const drainSignal = defineSignal('drain');
export const progressQuery = defineQuery<Progress>('progress');

export type ControlName = 'pause' | 'resume' | 'drain';

/** Signals, since tctl, the Temporal CLI and the Web UI can all send them without an argument. */
const SIGNALS = { pause: pauseSignal, resume: resumeSignal, drain: drainSignal } as const;

/** How people steer a run. */
export class Control {
  state: RunState;
  #onChange: (name: ControlName) => void = () => undefined;

  /** @param state of the run that this one continues, or `draining` */
  constructor(state: RunState) {
    this.state = state;
  }

  /** Only once all is there that the handlers need: signals that came before the run began are handled at once. */
  listen(onChange: (name: ControlName) => void): void {
    this.#onChange = onChange;
    for (const name of Object.keys(SIGNALS) as ControlName[]) {
      setHandler(SIGNALS[name], () => this.steer(name));
    }
  }

  /** Nothing brings back a run that is stopping. */
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

  /** Answers the query `progress`. */
  answer(lanes: number, counts: () => Counts): void {
    setHandler(progressQuery, () => ({ state: this.state, lanes, counts: counts() }));
  }
}
