import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type FailingStep, failingSteps } from './failing-steps.ts';

const { PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1;

type Described = WorkflowExecutionDescription['raw'];

/** What a run is about, between its start and its end. */
export type RunState =
  | { state: 'running' }
  /** Something is to be done, and nobody has taken it yet. */
  | { state: 'not picked up' }
  /** The worker fails at the workflow itself, not at a step of it: most likely a build that does not fit. */
  | { state: 'stuck'; attempt: number }
  /** A step has failed and is tried again. */
  | ({ state: 'retrying' } & FailingStep);

export type RunView = RunState & { openShards: string[] };

/** A run split into shards is about what the first of them is about that is held up. */
export async function runView(client: Client, workflowId: string): Promise<RunView> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const openShards = (raw.pendingChildren ?? []).map((child) => child.workflowId ?? '');
  const states = await Promise.all([
    workflowState(client, raw),
    ...openShards.map(async (id) =>
      workflowState(client, (await client.workflow.getHandle(id).describe()).raw),
    ),
  ]);
  const heldUp = states.find(({ state }) => state !== 'running');
  return { ...(heldUp ?? { state: 'running' }), openShards };
}

async function workflowState(client: Client, raw: Described): Promise<RunState> {
  const activities = raw.pendingActivities ?? [];
  const [failing] = await failingSteps(client, raw);
  if (failing) return { state: 'retrying', ...failing };
  const attempt = raw.pendingWorkflowTask?.attempt ?? 0;
  if (attempt > 1) return { state: 'stuck', attempt };
  const waiting =
    raw.pendingWorkflowTask?.state ===
      PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED ||
    (activities.length > 0 &&
      activities.every(
        ({ state }) => state === PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED,
      ));
  return { state: waiting ? 'not picked up' : 'running' };
}
