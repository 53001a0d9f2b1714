import type { Client } from '@temporalio/client';
import { whyRunFailed } from '../../temporal/runs/end-of-run.ts';
import { closedRuns, openRuns } from '../../temporal/runs/list-runs.ts';
import { lookAtRun, type OpenRun } from '../../temporal/runs/look-at-run.ts';
import { listWorkers } from '../../temporal/workers.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';

export const temporal = (sources: Sources) => ({
  tried: sources.tried.temporal,
  whatToDo:
    'Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, and that the server is up. `login-etl doctor` checks each part.',
});

/** A schedule has at most one. */
const MAX_OPEN_RUNS = 10;

export type WorkersView = { workers: string[] };

export const readWorkers = (sources: Sources): Promise<Part<WorkersView>> =>
  ask(temporal(sources), () =>
    sources.temporal(async (client) => ({ workers: await listWorkers(client) })),
  );

export type RunningView = { runs: OpenRun[] };

export const readRunning = (sources: Sources): Promise<Part<RunningView>> =>
  ask(temporal(sources), () => sources.temporal(lookAtOpenRuns));

async function lookAtOpenRuns(client: Client): Promise<RunningView> {
  const open = await openRuns(client, MAX_OPEN_RUNS);
  return { runs: await Promise.all(open.map(({ workflowId }) => lookAtRun(client, workflowId))) };
}

export type ClosedRun = {
  workflowId: string;
  runId: string;
  status: string;
  closedAt: Date | null;
  reason: string | null;
};

export type LatestView = { run: ClosedRun | null };

/** How the latest run ended. A run that failed before its first batch is not in the ledger. */
export const readLatest = (sources: Sources): Promise<Part<LatestView>> =>
  ask(temporal(sources), () => sources.temporal(lookAtLatestRun));

async function lookAtLatestRun(client: Client): Promise<LatestView> {
  const [run] = await closedRuns(client, 1);
  if (!run) return { run: null };
  return {
    run: {
      workflowId: run.workflowId,
      runId: run.runId,
      status: run.status.name.toLowerCase().replaceAll('_', ' '),
      closedAt: run.closeTime ?? null,
      reason: (await whyRunFailed(client, run)) ?? null,
    },
  };
}
