import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Fate } from '../../domain/reconciliation.ts';

/** Returns the state in Temporal of a run that is open in the ledger; unknown when its history is gone. */
export async function runFate(client: Client, workflowId: string, runId: string): Promise<Fate> {
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    switch (status.name) {
      case 'RUNNING':
      case 'PAUSED':
        return 'running';
      // These runs write their row in the ledger before they end.
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
