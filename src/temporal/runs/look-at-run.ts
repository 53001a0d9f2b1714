import type { Client } from '@temporalio/client';
import type { Counts } from '../../domain/counts.ts';
import type { ChosenTuning } from '../../domain/ingest-input.ts';
import { type FailingStep, failingSteps } from './failing-steps.ts';
import { queryProgress, type RunProgress, readProgress } from './query-progress.ts';
import { runCounts } from './run-counts.ts';
import { missingKeyOfStuck } from './stuck-reason.ts';

/** From this attempt of a workflow task on, the worker's build does not fit the run. */
const STUCK_FROM_ATTEMPT = 3;

/** An open run, according to Temporal and its worker. */
export type OpenRun = {
  workflowId: string;
  runId: string;
  startedAt: Date;
  /** Set for an open run that has not begun yet: the next one of a cron, or a delayed one. */
  beginsAt: Date | null;
  state: RunProgress['state'] | 'waiting' | 'stuck' | 'unknown';
  counts: Counts | null;
  /** Null while the defaults or the run's input apply. */
  chosen: ChosenTuning | null;
  failing: FailingStep[];
  /** Of a stuck run whose worker lacks a payload key. */
  missingKey: string | null;
};

/**
 * Returns the state of a run and its shards.
 * @param options.query whether to query the run, which waits for a worker
 */
export async function lookAtRun(
  client: Client,
  workflowId: string,
  { query = true } = {},
): Promise<OpenRun> {
  const { raw, runId, startTime, executionTime } = await client.workflow
    .getHandle(workflowId)
    .describe();
  const shards = (raw.pendingChildren ?? []).map((child) => child.workflowId ?? '');
  const shardsRaw = await Promise.all(
    shards.map(async (id) => (await client.workflow.getHandle(id).describe()).raw),
  );
  const beginsAt = executionTime && executionTime.getTime() > Date.now() ? executionTime : null;
  const all = [raw, ...shardsRaw];
  const asked = beginsAt || !query ? undefined : queryProgress(client, workflowId);
  const [progress, known, ...failing] = await Promise.all([
    asked?.then(readProgress),
    asked && runCounts(client, workflowId, shards, asked),
    ...all.map((each) => failingSteps(client, each)),
  ]);
  const stuck = all.find(
    ({ pendingWorkflowTask }) => (pendingWorkflowTask?.attempt ?? 0) >= STUCK_FROM_ATTEMPT,
  );
  const { workflowId: stuckId, runId: stuckRunId } = stuck?.workflowExecutionInfo?.execution ?? {};
  return {
    workflowId,
    runId,
    startedAt: beginsAt ? startTime : (executionTime ?? startTime),
    beginsAt,
    state: stateOf(beginsAt, stuck !== undefined, progress, known?.counts),
    counts: known?.counts ?? progress?.counts ?? null,
    chosen: progress?.chosen ?? null,
    failing: failing.flat(),
    missingKey: stuck ? await missingKeyOfStuck(client, stuckId ?? '', stuckRunId ?? '') : null,
  };
}

function stateOf(
  beginsAt: Date | null,
  stuck: boolean,
  progress: RunProgress | undefined,
  counts: Counts | undefined,
): OpenRun['state'] {
  if (beginsAt) return 'waiting';
  if (stuck) return 'stuck';
  // An older build answers the query with counts only.
  return progress?.state ?? (counts ? 'draining' : 'unknown');
}
