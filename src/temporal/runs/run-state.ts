import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type FailingStep, failingSteps } from './failing-steps.ts';

const { PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1;

type Described = WorkflowExecutionDescription['raw'];

/** The state of an open run. */
export type RunState =
  | { state: 'running' }
  /** No worker has picked up the next task. */
  | { state: 'not picked up' }
  /** The workflow task fails, most likely because the worker's build does not fit the run. */
  | { state: 'stuck'; attempt: number }
  /** A step failed and is being retried. */
  | ({ state: 'retrying' } & FailingStep);

type RunView = RunState & { openShards: string[] };

/** A run with shards has the state of its first shard that does not run normally. */
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
