import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';

const OURS = `WorkflowType = '${WORKFLOW_TYPE}' AND TaskQueue = '${TASK_QUEUE}'`;

/** The open runs, latest first, without the child workflows of a run. */
export const openRuns = (client: Client, limit: number): Promise<WorkflowExecutionInfo[]> =>
  listRoots(client, `${OURS} AND ExecutionStatus = 'Running'`, limit);

/** The closed runs, latest first. */
export const closedRuns = (client: Client, limit: number): Promise<WorkflowExecutionInfo[]> =>
  listRoots(
    client,
    `${OURS} AND ExecutionStatus IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut')`,
    limit,
  );

async function listRoots(
  client: Client,
  query: string,
  limit: number,
): Promise<WorkflowExecutionInfo[]> {
  const roots: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query, pageSize: limit * 2 })) {
    if (run.raw.parentExecution?.workflowId) continue;
    if (roots.push(run) >= limit) break;
  }
  return roots;
}

type Started = Pick<WorkflowExecutionInfo, 'status' | 'startTime' | 'executionTime'>;

/** Temporal creates a cron's next run long before its time; until then it waits. */
export function startAndStatus({ status, startTime, executionTime }: Started, now = new Date()) {
  const startedAt = executionTime ?? startTime;
  const waits = status.name === 'RUNNING' && startedAt > now;
  return { startedAt, status: waits ? 'waiting' : status.name.toLowerCase().replaceAll('_', ' ') };
}
