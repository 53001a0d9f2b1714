/** Once several workers were seen, one of them has to run this many steps in a row to count as the only one. */
const STEPS_IN_A_ROW = 16;
/** Carried instead of a worker's name. */
const SEVERAL = 'several';

/**
 * Finds out whether one worker process runs all steps. If so, its cache has the parts, and inputs only need references to
 * them. The decision depends only on the steps' results, so a replay makes the same one.
 */
export class SingleWorker {
  #last: string | undefined;
  #begun: boolean;
  #missing = 0;

  /** @param carried from `carry()` of the previous run, when this run continues it */
  constructor(carried?: string) {
    this.#last = carried;
    this.#begun = carried !== undefined;
    if (carried === SEVERAL) this.#missing = STEPS_IN_A_ROW;
  }

  /** @param holder from the result of a completed step */
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

  /** Undefined when several workers run steps, or none has yet. */
  get name(): string | undefined {
    return this.#missing === 0 ? this.#last : undefined;
  }
}
