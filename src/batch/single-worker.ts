/** So many steps in a row tell that there is one worker process again, after there were several. */
const STEPS_IN_A_ROW = 16;
/** In place of a worker's name. */
const SEVERAL = 'several';

/**
 * Whether all steps are done by one worker process, as far as one can see: it has the parts of their batches in hand,
 * and they need only be named. Told by the steps' results, so that a replay sees the same.
 */
export class SingleWorker {
  #last: string | undefined;
  #begun: boolean;
  #missing = 0;

  /** @param carried what the run that this one continues has handed on */
  constructor(carried?: string) {
    this.#last = carried;
    this.#begun = carried !== undefined;
    if (carried === SEVERAL) this.#missing = STEPS_IN_A_ROW;
  }

  /** @param holder of a step that is done */
  saw(holder: string | undefined): void {
    const isSame = holder !== undefined && (holder === this.#last || !this.#begun);
    this.#missing = isSame ? Math.max(0, this.#missing - 1) : STEPS_IN_A_ROW;
    this.#last = holder;
    this.#begun = true;
  }

  /** For the run that continues this one. */
  carry(): string {
    return this.name ?? SEVERAL;
  }

  /** Undefined when there are several, or nobody knows. */
  get name(): string | undefined {
    return this.#missing === 0 ? this.#last : undefined;
  }
}
