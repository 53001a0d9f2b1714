import {
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { MAX_HISTORY_EVENTS } from '../../batch/history-budget.ts';
import { beginRotation, describeRotation, type RotationState } from '../../domain/rotation.ts';
import type { RotationInput } from '../../domain/rotation-input.ts';
import { nextStep, recordBegin } from './rotation-steps.ts';

/** One run's part of a rotation: step after step, until it is done, told to stop, or its history is full. */
export class Rotation {
  readonly #settings: RotationInput;
  /** Of its own, so that the signal stops as a cancellation of the workflow does. */
  readonly #scope = new CancellationScope();
  #state: RotationState | undefined;

  constructor(settings: RotationInput, state: RotationState | undefined) {
    this.#settings = settings;
    if (state) this.#reach(state);
  }

  /** Undefined until its beginning is on the record. */
  get state(): RotationState | undefined {
    return this.#state;
  }

  get stopped(): boolean {
    return this.#scope.consideredCancelled;
  }

  /** A step that runs comes to its end, and its result counts; one that waits for its next try is given up. */
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
    let state = this.#state ?? this.#reach(beginRotation(await recordBegin(this.#settings)));
    while (state.phase !== 'done' && !this.stopped && !historyIsFull()) {
      state = this.#reach(await nextStep(state, this.#settings));
      if (pauseMsBetweenSteps > 0) await sleep(pauseMsBetweenSteps);
    }
  }

  /** What the Web UI shows as current details: counts only. */
  #reach(state: RotationState): RotationState {
    this.#state = state;
    setCurrentDetails(`**${describeRotation(state)}**`);
    return state;
  }
}

const historyIsFull = (): boolean => workflowInfo().historyLength >= MAX_HISTORY_EVENTS;
