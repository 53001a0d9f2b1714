import type { Counts } from './counts.ts';

export type RunOutcome = 'completed' | 'continued' | 'failed' | 'cancelled';

/** What a workflow run leaves in the ledger: made by the workflow, so from its history alone. */
export type RunRecord = {
  runId: string;
  workflowId: string;
  startedAtMs: number;
  finishedAtMs: number;
  outcome: RunOutcome;
  /** Of this run, not of the chain it continues. */
  counts: Counts;
};
