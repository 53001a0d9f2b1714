import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  defineQuery,
  defineSignal,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  PROGRESS_QUERY,
  type RotationOutcome,
  type RotationResult,
  type RotationState,
  resultOf,
  STOP_SIGNAL,
} from '../../domain/rotation/rotation.ts';
import {
  InvalidRotationInput,
  parseRotationInput,
  type RotationInput,
} from '../../domain/rotation/rotation-input.ts';
import { Rotation } from './rotation-state.ts';
import { recordEnd } from './rotation-steps.ts';

/** The state that a run passes to the next one when it continues as new. */
type Carried = {
  /** Accepted only if it is the run that this one continues. */
  fromRunId: string;
  state: RotationState;
};

/**
 * Re-masks all rows of `user_logins` with the active masking key, from their originals in the vault, in bounded steps
 * and during ingestion, then removes the originals of old keys. `domain/rotation/rotation.ts` explains the order. After the signal
 * `stop` or a cancellation it ends with the current step; a later rotation does the rest.
 *
 * @param input `{ reason, toKeyId, rowsPerStep, … }`: see `domain/rotation/rotation-input.ts`
 * @param carried only passed by the previous run of the same chain
 * @throws ApplicationFailure `InvalidInput`, not retried, when the input is invalid
 */
export async function rotateMaskingKey(input: unknown, carried?: Carried): Promise<RotationResult> {
  const settings = parse(input);
  const { runId, continuedFromExecutionRunId } = workflowInfo();
  const isOurs = carried?.fromRunId && carried.fromRunId === continuedFromExecutionRunId;
  const ours = isOurs ? carried : undefined;
  const rotation = new Rotation(settings, ours?.state);
  setHandler(defineSignal(STOP_SIGNAL), () => rotation.stop());
  setHandler(defineQuery<RotationState | null>(PROGRESS_QUERY), () => rotation.state ?? null);

  const end = async (outcome: RotationOutcome, state: RotationState): Promise<RotationResult> => {
    const result = resultOf(state, outcome);
    await recordEnd(settings.reason, result);
    return result;
  };
  try {
    await rotation.work();
  } catch (error) {
    // A rotation without a recorded beginning gets no recorded end.
    if (rotation.state) await end('failed', rotation.state);
    throw error;
  }
  const { state } = rotation;
  if (!state) throw new CancelledFailure('stopped before it began');
  if (state.phase === 'done') {
    return end(state.oldKeyInUse ? 'old key still in use' : 'completed', state);
  }
  if (!rotation.stopped) {
    await continueAsNew<typeof rotateMaskingKey>(input, { fromRunId: runId, state });
  }
  const result = await end('stopped', state);
  if (CancellationScope.current().consideredCancelled) {
    throw new CancelledFailure('cancelled; the step in hand was finished');
  }
  return result;
}

function parse(input: unknown): RotationInput {
  try {
    return parseRotationInput(input);
  } catch (error) {
    if (!(error instanceof InvalidRotationInput)) throw error;
    throw ApplicationFailure.nonRetryable(error.message, 'InvalidInput');
  }
}
