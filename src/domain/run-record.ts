import type { Counts } from './counts.ts';

export type RunOutcome = 'completed' | 'continued' | 'failed' | 'cancelled';

/** A workflow run's row in the ledger. The workflow computes it from its history. */
export type RunRecord = {
  runId: string;
  workflowId: string;
  startedAtMs: number;
  finishedAtMs: number;
  outcome: RunOutcome;
  /** Of this run, not of the chain it continues. */
  counts: Counts;
};
