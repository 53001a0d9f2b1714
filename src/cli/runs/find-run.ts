import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { WORKFLOW_TYPE } from '../../domain/names.ts';
import { findRuns, type LedgerEntry } from '../../postgres/runs/read-runs.ts';
import { whyRunFailed } from '../../temporal/runs/end-of-run.ts';
import { startAndStatus } from '../../temporal/runs/list-runs.ts';
import { lookAtRun, type OpenRun } from '../../temporal/runs/look-at-run.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { temporal } from '../status/temporal-parts.ts';
import { fullRunId } from './full-run-id.ts';

/** A run that continues as new many times has many parts: the latest are shown. */
const MAX_PARTS = 20;

export type TemporalView = {
  /** Null when Temporal does not know the run, or no longer. */
  run: {
    workflowId: string;
    runId: string;
    status: string;
    startedAt: Date;
    closedAt: Date | null;
    reason: string | null;
    open: OpenRun | null;
  } | null;
};

export type FoundRun = {
  workflowId: string;
  ledger: Part<{ parts: LedgerEntry[] }>;
  temporal: Part<TemporalView>;
};

/** A run by its workflow id or run id, from the ledger and from Temporal; either may be unreachable. */
export async function findRun(sources: Sources, text: string): Promise<FoundRun> {
  // Temporal is reached while Postgres is, so that two that do not answer are waited for once.
  void sources.temporal(async () => undefined).catch(() => undefined);
  const { id, away } = await fullRunId(sources, text);
  const ledger = await ask(
    { tried: sources.tried.postgres, whatToDo: 'Check DATABASE_URL.' },
    async () => ({
      parts: await findRuns(await sources.pool(), id, MAX_PARTS),
    }),
  );
  // A run with shards has no row while it is open, but its shards have.
  const parts = ledger.reachable ? ledger.parts : [];
  const entry = parts.find((part) => part.workflowId === id || part.runId === id);
  const workflowId = entry?.workflowId ?? id;
  // The run id picks one of several runs of the same workflow, as a cron has them.
  const runId = entry?.runId === id ? id : undefined;
  const run =
    away ??
    (await ask(temporal(sources), () =>
      sources.temporal(async (client) => ({ run: await lookUp(client, workflowId, runId) })),
    ));
  return { workflowId, ledger, temporal: run };
}

async function lookUp(
  client: Client,
  workflowId: string,
  runId: string | undefined,
): Promise<TemporalView['run']> {
  try {
    const run = await client.workflow.getHandle(workflowId, runId).describe();
    if (run.type !== WORKFLOW_TYPE) return null;
    return {
      workflowId,
      runId: run.runId,
      ...startAndStatus(run),
      closedAt: run.closeTime ?? null,
      reason: (await whyRunFailed(client, run)) ?? null,
      open: run.status.name === 'RUNNING' ? await lookAtRun(client, workflowId) : null,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
