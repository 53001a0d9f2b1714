import type { ConnectionLike } from '@temporalio/client';
import { REPLAY_WORKFLOW_TYPE } from '../../batch/replay-batch.ts';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { historyRetentionSeconds } from '../history-retention.ts';
import { grpcStatus, NOT_FOUND } from '../temporal-problem.ts';

type Execution = { workflowId: string; runId: string };
type Service = Pick<ConnectionLike, 'workflowService'>;

/** Few, since the result of a step may have 2 MiB. */
const EVENTS_PER_PAGE = 16;

/** What a recovery reads in Temporal. */
export function histories(service: Service, namespace: string) {
  const { workflowService } = service;
  return {
    /** The next runs that stored messages, shards and continued runs included: open ones, and those that closed since. */
    async list(since: Date, limit: number, page?: string) {
      const query =
        `WorkflowType IN ('${WORKFLOW_TYPE}', '${REPLAY_WORKFLOW_TYPE}') AND TaskQueue = '${TASK_QUEUE}' ` +
        `AND (CloseTime >= '${since.toISOString()}' OR ExecutionStatus = 'Running')`;
      const { executions, nextPageToken } = await workflowService.listWorkflowExecutions({
        namespace,
        query,
        pageSize: limit,
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
          namespace,
          execution,
          maximumPageSize: EVENTS_PER_PAGE,
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

    retentionSeconds: (): Promise<number> => historyRetentionSeconds(service, namespace),
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
