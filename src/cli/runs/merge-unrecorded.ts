import { type LedgerEntry, nestRuns } from '../../postgres/runs/read-runs.ts';
import type { UnrecordedRun } from '../../temporal/runs/unrecorded-runs.ts';
import { styled } from '../terminal/output.ts';

/** All runs, latest first: those of the ledger, and those that only Temporal knows, with the shards of both. */
export function mergeUnrecorded(
  recorded: readonly LedgerEntry[],
  unrecorded: readonly UnrecordedRun[],
): LedgerEntry[] {
  const rows = recorded.flatMap(({ children, ...run }) => {
    const own = children.length > 0 ? { ...run, counts: run.ownCounts } : run;
    return [own, ...children];
  });
  const added = unrecorded.map(({ runId, workflowId, startedAt, finishedAt }) => ({
    ...{ runId, workflowId, startedAt, finishedAt, workerBuild: '' },
    ...{ outcome: null, counts: null, ownCounts: null },
  }));
  return nestRuns([...rows, ...added]).toSorted(
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
