import type { ConnectionLike } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { TASK_QUEUE } from '../../domain/names.ts';

type Described = temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

const QUERY = `TaskQueue = '${TASK_QUEUE}' AND ExecutionStatus = 'Running'`;
const PAGE_SIZE = 100;

/**
 * Lists the open runs that may still insert what was masked before a time: a step other than receiving and masking has
 * been waiting since before it, or is being retried, or the workflow has not yet seen the result of its last step.
 */
export const batchesInFlight =
  ({ workflowService }: Pick<ConnectionLike, 'workflowService'>, namespace: string) =>
  async (beforeMs: number): Promise<string[]> => {
    const found: string[] = [];
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await workflowService.listWorkflowExecutions({
        namespace,
        query: QUERY,
        pageSize: PAGE_SIZE,
        ...(nextPageToken && { nextPageToken }),
      });
      for (const { execution } of page.executions ?? []) {
        const run = await workflowService.describeWorkflowExecution({
          namespace,
          execution: { workflowId: execution?.workflowId ?? '', runId: '' },
        });
        if (mayInsert(run, beforeMs)) found.push(execution?.workflowId ?? '');
      }
      nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken);
    return found;
  };

const BEFORE_INSERT = ['receiveBatch', 'maskBatch'];

function mayInsert({ pendingActivities, pendingWorkflowTask }: Described, beforeMs: number) {
  const old = (time: Timestamp) => Number(time?.seconds ?? 0) * 1_000 < beforeMs;
  const inserts = (pendingActivities ?? [])
    .filter(({ activityType }) => !BEFORE_INSERT.includes(activityType?.name ?? ''))
    // Of a retried step, the time of its first attempt is unknown.
    .some(({ attempt, scheduledTime }) => (attempt ?? 1) > 1 || old(scheduledTime));
  if (!pendingWorkflowTask) return inserts;
  const { attempt, originalScheduledTime } = pendingWorkflowTask;
  return inserts || (attempt ?? 1) > 1 || old(originalScheduledTime);
}
