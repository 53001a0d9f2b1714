import type { Client } from '@temporalio/client';
import type { IngestInput } from '../../domain/ingest-input.ts';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { describeStart } from '../../domain/run-description.ts';

/** Starts a run now, beside the schedule. @returns its workflow id */
export async function startRun(client: Client, input?: Partial<IngestInput>): Promise<string> {
  const workflowId = `ingest-logins-manual-${new Date().toISOString()}`;
  await client.workflow.start(WORKFLOW_TYPE, {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: input ? [input] : [],
    ...describeStart('by hand', input),
  });
  return workflowId;
}
