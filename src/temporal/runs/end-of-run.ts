import {
  type Client,
  type WorkflowExecutionInfo,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { grpcStatus } from '../temporal-problem.ts';
import { failureReason, UNREADABLE } from './failing-steps.ts';

/** Returns why a closed run failed; undefined if it did not fail or its history is gone. */
export async function whyRunFailed(
  client: Client,
  { workflowId, runId, status }: Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'status'>,
): Promise<string | undefined> {
  if (status.name !== 'FAILED' && status.name !== 'TIMED_OUT') return undefined;
  try {
    await client.workflow.getHandle(workflowId, runId, { followRuns: false }).result();
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (error instanceof WorkflowFailedError) return failureReason(error.cause);
    if (grpcStatus(error) !== undefined) throw error;
    return UNREADABLE;
  }
}
