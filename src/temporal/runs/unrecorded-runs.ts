import type { Client } from '@temporalio/client';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { whyRunFailed } from './end-of-run.ts';
import { startAndStatus } from './list-runs.ts';

/** A run that has no row in the ledger: it is open, or ended before its first batch. */
export type UnrecordedRun = {
  workflowId: string;
  runId: string;
  status: string;
  startedAt: Date;
  finishedAt: Date | null;
  /** Why it failed. */
  reason: string | null;
};

const PAGE_SIZE = 200;

/**
 * Lists runs that Temporal knows and the ledger does not, latest first, without child workflows.
 * @param recorded returns which of these runs are in the ledger
 */
export async function unrecordedRuns(
  client: Client,
  { since, limit }: { since: Date; limit: number },
  recorded: (runIds: string[]) => Promise<Set<string>>,
): Promise<UnrecordedRun[]> {
  // Completed runs and those that continue as new have always written their row.
  const query =
    `WorkflowType = '${WORKFLOW_TYPE}' AND TaskQueue = '${TASK_QUEUE}' AND StartTime >= '${since.toISOString()}' ` +
    `AND ExecutionStatus IN ('Running', 'Failed', 'Canceled', 'Terminated', 'TimedOut')`;
  const known = [];
  for await (const run of client.workflow.list({ query, pageSize: PAGE_SIZE })) {
    if (run.raw.parentExecution?.workflowId) continue;
    if (known.push(run) >= PAGE_SIZE) break;
  }
  const inLedger = await recorded(known.map(({ runId }) => runId));
  const missing = known.filter(({ runId }) => !inLedger.has(runId)).slice(0, limit);
  return Promise.all(
    missing.map(async (run) => ({
      workflowId: run.workflowId,
      runId: run.runId,
      ...startAndStatus(run),
      finishedAt: run.closeTime ?? null,
      reason: (await whyRunFailed(client, run)) ?? null,
    })),
  );
}
