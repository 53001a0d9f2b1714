import type { Client } from '@temporalio/client';
import { TASK_QUEUE } from '../../domain/names.ts';
import {
  keyDifferences,
  liveWorkers,
  type ReportedWorker,
} from '../../domain/rotation/live-workers.ts';
import { recordedRuns } from '../../postgres/runs/read-runs.ts';
import { readReportedWorkers } from '../../postgres/workers/read-workers.ts';
import { whyRunsWait } from '../../temporal/deployment/version-routing.ts';
import { whyRunFailed } from '../../temporal/runs/end-of-run.ts';
import { closedRuns, openRuns } from '../../temporal/runs/list-runs.ts';
import { lookAtRun, type OpenRun } from '../../temporal/runs/look-at-run.ts';
import { type UnrecordedRun, unrecordedRuns } from '../../temporal/runs/unrecorded-runs.ts';
import { listPollers, readVersionRouting } from '../../temporal/workers.ts';
import { answerWithin } from '../connect/answer-within.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { postgres, RECENT_HOURS, RECENT_RUNS } from './postgres-parts.ts';

export const temporal = (sources: Sources) => ({
  tried: sources.tried.temporal,
  whatToDo:
    'Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, and that the server is up. `login-etl doctor` checks each part.',
});

/** A schedule has at most one. */
const MAX_OPEN_RUNS = 10;

const POLLERS_WITHIN_MS = 3_000;
const REPORTS_WITHIN_MS = 1_000;

export type WorkersView = {
  workers: string[];
  /** Of the live ones that report it. */
  maskKeys: Record<string, string>;
  keyDifferences: string[];
};

export const readWorkers = (sources: Sources): Promise<Part<WorkersView>> =>
  ask(postgres(sources), async () => {
    const [reported, polled] = await Promise.all([
      readReportedWorkers(await sources.pool(), TASK_QUEUE),
      pollersSoon(sources),
    ]);
    return {
      workers: liveWorkers(reported, polled),
      maskKeys: maskKeysOf(reported),
      keyDifferences: keyDifferences(reported),
    };
  });

const maskKeysOf = (reported: readonly ReportedWorker[]): Record<string, string> =>
  Object.fromEntries(
    reported.filter(({ alive }) => alive).map(({ identity, maskKeyId }) => [identity, maskKeyId]),
  );

/** Only older builds are known by their polls alone: Temporal is not waited for, and may be unreachable. */
function pollersSoon(sources: Sources): Promise<string[]> {
  const polled = () =>
    sources.temporal(({ connection, options }) => listPollers(connection, options.namespace));
  return answerWithin(
    POLLERS_WITHIN_MS,
    () => polled().catch(() => []),
    () => [],
  );
}

/** `waiting`: why new runs wait although workers poll; null when they do not. */
export type RunningView = { runs: OpenRun[]; waiting: string | null };

export const readRunning = (sources: Sources): Promise<Part<RunningView>> =>
  ask(temporal(sources), async () => {
    const query = await someWorkerMayAnswer(sources);
    return sources.temporal((client) => lookAtOpenRuns(client, query));
  });

export async function lookAtOpenRuns(client: Client, query: boolean): Promise<RunningView> {
  const [open, routing] = await Promise.all([
    openRuns(client, MAX_OPEN_RUNS),
    readVersionRouting(client.connection, client.options.namespace),
  ]);
  const waiting = whyRunsWait(routing) ?? null;
  // A query of a run that waits for a worker would wait, too.
  const looks = { query: query && waiting === null };
  const runs = open.map(({ workflowId }) => lookAtRun(client, workflowId, looks));
  return { runs: await Promise.all(runs), waiting };
}

/** A query waits for a worker. Where all that have reported are dead, it would wait for nothing. */
async function someWorkerMayAnswer(sources: Sources): Promise<boolean> {
  const answer = async () => {
    const reported = await readReportedWorkers(await sources.pool(), TASK_QUEUE);
    return reported.length === 0 || reported.some(({ alive }) => alive);
  };
  return answerWithin(
    REPORTS_WITHIN_MS,
    () => answer().catch(() => true),
    () => true,
  );
}

export type ClosedRun = {
  workflowId: string;
  runId: string;
  status: string;
  closedAt: Date | null;
  reason: string | null;
};

export type LatestView = {
  run: ClosedRun | null;
  /** Runs that failed before their first batch, and so are not in the ledger. */
  unrecorded: UnrecordedRun[];
};

/** How the latest run ended, and the runs that only Temporal knows. */
export const readLatest = (sources: Sources): Promise<Part<LatestView>> =>
  ask(temporal(sources), () =>
    sources.temporal(async (client) => {
      const since = new Date(Date.now() - RECENT_HOURS * 3_600_000);
      const recorded = async (ids: string[]) =>
        sources
          .pool()
          .then((pool) => recordedRuns(pool, ids))
          .catch(() => new Set<string>());
      const [latest, unrecorded] = await Promise.all([
        lookAtLatestRun(client),
        unrecordedRuns(client, { since, limit: RECENT_RUNS }, recorded),
      ]);
      return { ...latest, unrecorded: unrecorded.filter(({ status }) => status !== 'running') };
    }),
  );

async function lookAtLatestRun(client: Client): Promise<Pick<LatestView, 'run'>> {
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
