/** After several workers: how many steps in a row one of them has to do until it counts as the only one. */
const STEPS_IN_A_ROW = 16;
/** In place of a worker's name. */
const SEVERAL = 'several';

/**
 * Tells whether one worker process does all steps: then it has the parts of their batches in its cache, and inputs need
 * only refer to them. Decided from the steps' results, which a replay sees as well.
 */
export class SingleWorker {
  #last: string | undefined;
  #begun: boolean;
  #missing = 0;

  /** @param carried what the run that this one continues has passed on */
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

  /** Undefined when there are several, or nothing is known. */
  get name(): string | undefined {
    return this.#missing === 0 ? this.#last : undefined;
  }
}
