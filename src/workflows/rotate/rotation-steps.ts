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
  afterCheck,
  afterRemask,
  afterRemove,
  afterRemoveDataKeys,
  afterSetAside,
  afterWait,
  afterWriters,
  CUSTODIAN_TASK_QUEUE,
  type OldKeyWriters,
  type RotationResult,
  type RotationState,
} from '../../domain/rotation/rotation.ts';
import type { RotationInput } from '../../domain/rotation/rotation-input.ts';

/**
 * Steps run on the custodian's task queue, wherever the workflow itself runs. They are retried without limit, since
 * Postgres and KMS recover. A running step finishes even when it is cancelled.
 */
const STEP: ActivityOptions = {
  taskQueue: CUSTODIAN_TASK_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '12 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
};

/** How often it looks whether workers with another key are gone. */
const WRITERS_EVERY_MS = 10_000;

/** Large, since each step scans the whole vault and there are few data keys. */
const DATA_KEYS_PER_STEP = 100_000;

/** Runs the step of the current phase and returns the new state. */
export async function nextStep(
  state: RotationState,
  { rowsPerStep: rows, pauseMsBetweenPasses, maxPasses }: RotationInput,
): Promise<RotationState> {
  const { toKeyId } = state;
  const { firstExecutionRunId: runId } = workflowInfo();
  switch (state.phase) {
    case 're-masking rows': {
      const { remaskBatch } = custodian(`pass ${state.pass}: re-mask up to ${rows} rows`);
      const request = { runId, toKeyId, after: state.row, rows };
      return afterRemask(state, await remaskBatch(request));
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
      if (state.waitingFor) await sleep(Math.min(pauseMsBetweenPasses, WRITERS_EVERY_MS));
      // The first pass finds rows in any case.
      else if (state.pass > 1) await sleep(pauseMsBetweenPasses);
      if (!state.waitsForWriters) return afterWait(state);
      return afterWriters(state, await findWriters(toKeyId));
    case 'checking that no old key is in use':
      return afterCheck(state, await findWriters(toKeyId), maxPasses);
    case 'removing data keys': {
      const { removeDataKeys } = custodian('remove data keys that seal nothing');
      const request = { runId, after: state.dataKey, rows: DATA_KEYS_PER_STEP };
      return afterRemoveDataKeys(state, await removeDataKeys(request));
    }
    case 'done':
      return state;
  }
}

async function findWriters(toKeyId: string): Promise<OldKeyWriters> {
  const { findOldKeyWriters } = custodian('look for workers with another key');
  return findOldKeyWriters({ toKeyId });
}

/** Writes the audit record before anything is opened. @returns the id of the new key */
export function recordBegin(input: RotationInput): Promise<string> {
  const { reason, toKeyId, requestId, waitForWorkers } = input;
  const { firstExecutionRunId: runId } = workflowInfo();
  const { beginRotation } = custodian('audit: a rotation begins', {
    retry: { ...STEP.retry, maximumInterval: WRITERS_EVERY_MS },
  });
  return beginRotation({ reason, toKeyId, requestId, waitForWorkers, runId });
}

/** Also runs after a cancellation. A failed rotation must report its failure soon, with or without an audit record. */
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
