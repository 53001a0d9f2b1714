import { type Client, WorkflowFailedError } from '@temporalio/client';
import { REPLAY_WORKFLOW_TYPE, type ReplayBatch } from '../../batch/replay-batch.ts';
import type { Counts } from '../../domain/counts.ts';
import { TASK_QUEUE } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';
import { failureReason } from './failing-steps.ts';

/** Runs a workflow that stores a batch of released messages, and waits for it. @throws Problem when the run failed */
export async function runReplay(
  client: Client,
  batch: ReplayBatch,
  workflowId: string,
): Promise<Counts> {
  try {
    return await client.workflow.execute<(batch: ReplayBatch) => Promise<Counts>>(
      REPLAY_WORKFLOW_TYPE,
      { taskQueue: TASK_QUEUE, workflowId, args: [batch] },
    );
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new Problem(
      'the replay did not come to its end',
      `run ${workflowId}: ${failureReason(error.cause)}`,
      'What it did not store is still in quarantine: mend the cause and replay again.',
    );
  }
}
