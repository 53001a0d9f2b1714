import {
  CancellationScope,
  isCancellation,
  patched,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { MAX_HISTORY_EVENTS } from '../../batch/history-budget.ts';
import {
  beginRotation,
  describeRotation,
  type RotationState,
} from '../../domain/rotation/rotation.ts';
import type { RotationInput } from '../../domain/rotation/rotation-input.ts';
import { nextStep, recordBegin } from './rotation-steps.ts';

/** Builds up to 0.3.0 ended after a pass without rows of old keys, whoever was still masking with them. */
const WAITS_FOR_WRITERS = 'waits-for-writers';

/** Runs the steps of a rotation until it is done, is stopped, or the run's history is full. */
export class Rotation {
  readonly #settings: RotationInput;
  /** A separate scope, so that the signal `stop` works like a cancellation of the workflow. */
  readonly #scope = new CancellationScope();
  #state: RotationState | undefined;

  constructor(settings: RotationInput, state: RotationState | undefined) {
    this.#settings = settings;
    if (state) this.#reach(state);
  }

  /** Undefined until the audit log has the beginning. */
  get state(): RotationState | undefined {
    return this.#state;
  }

  get stopped(): boolean {
    return this.#scope.consideredCancelled;
  }

  /** Lets a running step finish, and gives up one that waits for a retry. */
  stop(): void {
    this.#scope.cancel();
  }

  async work(): Promise<void> {
    try {
      await this.#scope.run(() => this.#steps());
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  async #steps(): Promise<void> {
    const { pauseMsBetweenSteps } = this.#settings;
    let state = this.#state ?? this.#reach(await this.#begin());
    while (state.phase !== 'done' && !this.stopped && !historyIsFull()) {
      state = this.#reach(await nextStep(state, this.#settings));
      if (pauseMsBetweenSteps > 0) await sleep(pauseMsBetweenSteps);
    }
  }

  async #begin(): Promise<RotationState> {
    const toKeyId = await recordBegin(this.#settings);
    return beginRotation(toKeyId, patched(WAITS_FOR_WRITERS));
  }

  /** The current details for the Web UI contain only counts. */
  #reach(state: RotationState): RotationState {
    this.#state = state;
    setCurrentDetails(`**${describeRotation(state)}**`);
    return state;
  }
}

const historyIsFull = (): boolean => workflowInfo().historyLength >= MAX_HISTORY_EVENTS;
