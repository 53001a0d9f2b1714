import { type LedgerEntry, nestRuns } from '../../postgres/runs/read-runs.ts';
import type { UnrecordedRun } from '../../temporal/runs/unrecorded-runs.ts';
import { styled } from '../terminal/output.ts';

/** All runs, latest first: those of the ledger, and those that only Temporal knows, with the shards of both. */
export function mergeUnrecorded(
  recorded: readonly LedgerEntry[],
  unrecorded: readonly UnrecordedRun[],
): LedgerEntry[] {
  const added = unrecorded.map(({ runId, workflowId, startedAt, finishedAt }) => ({
    runId,
    workflowId,
    startedAt,
    finishedAt,
    workerBuild: '',
    children: [],
    outcome: null,
    counts: null,
    ownCounts: null,
  }));
  // A run with shards has no row while it is open, but its shards have.
  return nestRuns([...recorded, ...added]).toSorted(
    (one, other) => other.startedAt.getTime() - one.startedAt.getTime(),
  );
}

/** The states of runs that are not in the ledger, by run id. */
export const statesOf = (unrecorded: readonly UnrecordedRun[]): Map<string, string> =>
  new Map(unrecorded.map(({ runId, status }) => [runId, status]));

/** Why runs failed that stored nothing. */
export const describeReasons = (unrecorded: readonly UnrecordedRun[]): string[] =>
  unrecorded
    .filter(({ reason }) => reason !== null)
    .map(({ workflowId, reason }) => `${styled('red', '✗')} ${workflowId}: ${reason}`);
