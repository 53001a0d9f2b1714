import type { ConnectionLike } from '@temporalio/client';
import { WORKFLOW_TYPE } from '../domain/names.ts';

const NAMED = 10;

/** The workflow ids of some runs that began before then and are open. */
export const openRunsBefore =
  ({ workflowService }: Pick<ConnectionLike, 'workflowService'>, namespace: string) =>
  async (before: Date): Promise<string[]> => {
    const { executions } = await workflowService.listWorkflowExecutions({
      namespace,
      query: `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND StartTime < '${before.toISOString()}'`,
      pageSize: NAMED,
    });
    return (executions ?? []).map(({ execution }) => execution?.workflowId ?? '');
  };
