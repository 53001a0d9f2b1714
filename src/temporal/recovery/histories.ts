import type { ConnectionLike } from '@temporalio/client';
import { REPLAY_WORKFLOW_TYPE } from '../../batch/replay-batch.ts';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { grpcStatus } from '../temporal-problem.ts';

type Execution = { workflowId: string; runId: string };
type Service = Pick<ConnectionLike, 'workflowService'>;

/** Few, since the result of a step may have 2 MiB. */
const EVENTS_PER_PAGE = 16;
const NOT_FOUND = 5;

/** What a recovery reads in Temporal. */
export function histories({ workflowService }: Service, namespace: string) {
  return {
    /** The next runs that stored messages, shards and continued runs included: open ones, and those that closed since. */
    async list(since: Date, limit: number, page?: string) {
      const query =
        `WorkflowType IN ('${WORKFLOW_TYPE}', '${REPLAY_WORKFLOW_TYPE}') AND TaskQueue = '${TASK_QUEUE}' ` +
        `AND (CloseTime >= '${since.toISOString()}' OR ExecutionStatus = 'Running')`;
      const { executions, nextPageToken } = await workflowService.listWorkflowExecutions({
        ...{ namespace, query, pageSize: limit },
        ...(page && { nextPageToken: Buffer.from(page, 'base64') }),
      });
      const runs = (executions ?? []).map(({ execution }) => ({
        workflowId: execution?.workflowId ?? '',
        runId: execution?.runId ?? '',
      }));
      const next = nextPageToken?.length && Buffer.from(nextPageToken).toString('base64');
      return next ? { runs, page: next } : { runs };
    },

    /** The next events of a run; undefined when its history is gone. */
    async read(execution: Execution, page?: Uint8Array) {
      const found = await orGone(
        workflowService.getWorkflowExecutionHistory({
          ...{ namespace, execution, maximumPageSize: EVENTS_PER_PAGE },
          ...(page && { nextPageToken: page }),
        }),
      );
      if (!found) return undefined;
      const next = found.nextPageToken?.length ? found.nextPageToken : undefined;
      const events = found.history?.events ?? [];
      return next ? { events, next } : { events };
    },

    async isGone(execution: Execution): Promise<boolean> {
      return !(await orGone(workflowService.describeWorkflowExecution({ namespace, execution })));
    },

    async retentionMs(): Promise<number> {
      const { config } = await workflowService.describeNamespace({ namespace });
      return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
    },
  };
}

async function orGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (grpcStatus(error) === NOT_FOUND) return undefined;
    throw error;
  }
}
