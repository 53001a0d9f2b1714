import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionStatusName,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  CUSTODIAN_TASK_QUEUE,
  PROGRESS_QUERY,
  ROTATION_WORKFLOW_ID,
  ROTATION_WORKFLOW_TYPE,
  type RotationResult,
  type RotationState,
  STOP_SIGNAL,
} from '../../domain/rotation/rotation.ts';
import type { RotationInput } from '../../domain/rotation/rotation-input.ts';
import { Problem } from '../../errors/problem.ts';
import { failureReason } from '../runs/failing-steps.ts';
import { type RunState, runView } from '../runs/run-state.ts';

const QUERY_TIMEOUT_MS = 3_000;
const BEGINS_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 250;

export type RotationStatus = {
  workflowId: string;
  status: WorkflowExecutionStatusName;
  startedAt: Date;
  endedAt?: Date;
  /** The state of a running rotation. */
  view?: RunState;
  /** Undefined when no custodian's worker answers. */
  progress?: RotationState;
  result?: RotationResult;
  /** Why it failed. */
  reason?: string;
};

/** The request must be on record. @throws Problem when one is running */
export async function startRotation(
  client: Client,
  input: Pick<RotationInput, 'reason' | 'requestId'> & Partial<RotationInput>,
): Promise<string> {
  try {
    await client.workflow.start(ROTATION_WORKFLOW_TYPE, {
      taskQueue: CUSTODIAN_TASK_QUEUE,
      workflowId: ROTATION_WORKFLOW_ID,
      args: [input],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new Problem(
      'no rotation was started',
      'one is running',
      'Look at it with `login-etl remask status`; `login-etl remask stop` ends it after the current step.',
    );
  }
  return ROTATION_WORKFLOW_ID;
}

/**
 * Waits for a rotation to begin, for as long as a custodian's worker takes for it.
 * @returns why it was refused; undefined if it has begun or waits
 */
export async function startRefused(client: Client): Promise<string | undefined> {
  const until = performance.now() + BEGINS_WITHIN_MS;
  do {
    const { progress, view, reason } = await rotationStatus(client);
    if (reason !== undefined) return reason;
    if (progress || view?.state === 'retrying') return undefined;
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < until);
  return undefined;
}

/** @throws Problem when none is running */
export async function stopRotation(client: Client): Promise<void> {
  try {
    await client.workflow.getHandle(ROTATION_WORKFLOW_ID).signal(STOP_SIGNAL);
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? noRotation('is running') : error;
  }
}

/** Returns the running rotation, or the latest one. @throws Problem when Temporal has none */
export async function rotationStatus(client: Client): Promise<RotationStatus> {
  const handle = client.workflow.getHandle(ROTATION_WORKFLOW_ID);
  const description = await handle.describe().catch((error: unknown) => {
    throw error instanceof WorkflowNotFoundError ? noRotation('was started') : error;
  });
  const status = description.status.name;
  const common = { workflowId: handle.workflowId, status, startedAt: description.startTime };
  if (status === 'RUNNING') {
    const [view, progress] = await Promise.all([
      runView(client, handle.workflowId),
      rotationProgress(client),
    ]);
    return { ...common, view, ...(progress && { progress }) };
  }
  const end = await handle.result().then(
    (result: RotationResult) => ({ result }),
    (error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return { reason: failureReason(error.cause) };
    },
  );
  return { ...common, ...(description.closeTime && { endedAt: description.closeTime }), ...end };
}

async function rotationProgress(client: Client): Promise<RotationState | undefined> {
  try {
    const progress = await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(ROTATION_WORKFLOW_ID).query<RotationState | null>(PROGRESS_QUERY),
    );
    return progress ?? undefined;
  } catch {
    return undefined;
  }
}

const noRotation = (what: string) =>
  new Problem(
    `no rotation ${what}`,
    'Temporal has none in this namespace',
    'Start one with `login-etl remask start --reason …`, or check TEMPORAL_NAMESPACE and TEMPORAL_CUSTODIAN_NAMESPACE.',
  );
