import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export type RunHistory = {
  runId: string;
  events: HistoryEvent[];
  /** As counted by the server. */
  bytes: number;
  /** The run as which this one continued, or which its cron schedule started next. */
  nextRunId: string | undefined;
  raw: History;
};

/** Returns all runs of a chain, from the given one on. */
export async function runHistories(
  client: Client,
  workflowId: string,
  firstRunId: string,
): Promise<RunHistory[]> {
  const runs: RunHistory[] = [];
  for (let runId: string | undefined = firstRunId; runId; runId = runs.at(-1)?.nextRunId) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [raw, { raw: description }] = await Promise.all([
      handle.fetchHistory(),
      handle.describe(),
    ]);
    const events = raw.events ?? [];
    runs.push({
      runId,
      events,
      bytes: Number(description.workflowExecutionInfo?.historySizeBytes),
      nextRunId: nextRun(events.at(-1)),
      raw,
    });
  }
  return runs;
}

function nextRun(last: HistoryEvent | undefined): string | undefined {
  const next =
    last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ??
    last?.workflowExecutionCompletedEventAttributes?.newExecutionRunId;
  return next || undefined;
}
