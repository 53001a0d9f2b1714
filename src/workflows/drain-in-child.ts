import { ChildWorkflowCancellationType, executeChild, workflowInfo } from '@temporalio/workflow';
import type { Counts } from '../domain/counts.ts';
import type { IngestInput } from '../domain/ingest-input.ts';

/** Has a child workflow drain the queue: with a history of its own, continued as new as often as it takes. */
export function drainInChild(name: string, settings: IngestInput): Promise<Counts> {
  return executeChild<(input: IngestInput) => Promise<Counts>>('ingestLogins', {
    workflowId: `${workflowInfo().workflowId}/${name}`,
    args: [{ ...settings, shards: 1 }],
    // A cancelled drain finishes what is in hand, and that is waited for.
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}
