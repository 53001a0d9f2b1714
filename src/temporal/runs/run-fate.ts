import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Fate } from '../../domain/reconciliation.ts';

/** What became of a run that the ledger has not closed; unknown when its history is no longer kept. */
export async function runFate(client: Client, workflowId: string, runId: string): Promise<Fate> {
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    switch (status.name) {
      case 'RUNNING':
      case 'PAUSED':
        return 'running';
      // These write the ledger's row before they end.
      case 'COMPLETED':
      case 'CONTINUED_AS_NEW':
      case 'CANCELLED':
        return 'closed';
      case 'FAILED':
        return 'failed unrecorded';
      case 'TERMINATED':
        return 'terminated';
      case 'TIMED_OUT':
        return 'timed out';
      default:
        return 'unknown';
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'unknown';
    throw error;
  }
}
