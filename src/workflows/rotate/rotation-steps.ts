import {
  ActivityCancellationType,
  type ActivityOptions,
  CancellationScope,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { CustodianActivities } from '../../activities/rotate/custodian-activities.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import {
  afterRemask,
  afterRemove,
  afterRemoveDataKeys,
  afterSetAside,
  afterWait,
  CUSTODIAN_TASK_QUEUE,
  type RotationResult,
  type RotationState,
} from '../../domain/rotation.ts';
import type { RotationInput } from '../../domain/rotation-input.ts';

/**
 * On the custodian's queue, wherever the workflow itself runs. Tried for as long as it takes: Postgres and KMS come
 * back. One that is cancelled while it runs comes to its end all the same.
 */
const STEP: ActivityOptions = {
  taskQueue: CUSTODIAN_TASK_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '12 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** Data keys a step: each looks through the whole vault, and there are few of them. */
const DATA_KEYS_A_STEP = 100_000;

/** The step that the phase is about, and what is reached by it. */
export async function nextStep(
  state: RotationState,
  { rowsPerStep: rows, pauseMsBetweenPasses, maxPasses }: RotationInput,
): Promise<RotationState> {
  const { toKeyId } = state;
  const { firstExecutionRunId: runId } = workflowInfo();
  switch (state.phase) {
    case 're-masking rows': {
      const { remaskBatch } = custodian(`pass ${state.pass}: re-mask up to ${rows} rows`);
      return afterRemask(state, await remaskBatch({ runId, toKeyId, after: state.row, rows }));
    }
    case 'setting originals aside': {
      const { setOriginalsAside } = custodian('set originals of old keys aside');
      const request = { runId, toKeyId, after: state.original, rows };
      return afterSetAside(state, await setOriginalsAside(request));
    }
    case 'removing originals': {
      const { removeOriginals } = custodian('remove originals of old keys');
      return afterRemove(state, await removeOriginals({ runId, rows }), maxPasses);
    }
    case 'waiting for workers with an old key':
      await sleep(pauseMsBetweenPasses);
      return afterWait(state);
    case 'removing data keys': {
      const { removeDataKeys } = custodian('remove data keys that seal nothing');
      const request = { runId, after: state.dataKey, rows: DATA_KEYS_A_STEP };
      return afterRemoveDataKeys(state, await removeDataKeys(request));
    }
    case 'done':
      return state;
  }
}

/** On the record before anything is opened. @returns the id of the key that rows are to have */
export function recordBegin({ reason, toKeyId }: RotationInput): Promise<string> {
  const { firstExecutionRunId: runId } = workflowInfo();
  return custodian('audit: a rotation begins').beginRotation({ reason, toKeyId, runId });
}

/** Cancelled or not. A failed rotation says so soon, on the record or not: its failure is on its way. */
export async function recordEnd(reason: string, result: RotationResult): Promise<void> {
  const { firstExecutionRunId: runId } = workflowInfo();
  const failed = result.outcome === 'failed';
  const { endRotation } = custodian(
    `audit: ${result.outcome}`,
    failed ? { scheduleToCloseTimeout: '30 seconds' } : {},
  );
  try {
    await CancellationScope.nonCancellable(() => endRotation({ reason, runId, ...result }));
  } catch (error) {
    if (!failed) throw error;
  }
}

function custodian(summary: string, options: ActivityOptions = {}) {
  return proxyActivities<CustodianActivities>({
    ...STEP,
    ...options,
    summary: clearSummary(summary),
  });
}
