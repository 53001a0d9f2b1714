import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledFailure,
  type Client,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import type { Counts } from '../../domain/counts.ts';
import type { ChosenTuning } from '../../domain/ingest-input.ts';
import { failureReason } from './failing-steps.ts';
import { runCounts } from './run-counts.ts';
import { type RunState, runView } from './run-state.ts';

const COUNTS_EVERY_MS = 500;
const STATE_EVERY_MS = 1_000;

export type RunOutcome =
  | { status: 'completed'; counts: Counts }
  | { status: 'failed' | 'cancelled' | 'terminated' | 'timed out'; reason: string };

export type RunWatcher = {
  onCounts?(counts: Counts): void;
  /** Called again and again. */
  onChosen?(chosen: ChosenTuning): void;
  onState?(state: RunState): void;
};

/**
 * Waits for the end of a run and of the runs that continue it, and reports progress to the watcher.
 * @returns undefined after an abort
 */
export async function followRun(
  client: Client,
  workflowId: string,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<RunOutcome | undefined> {
  const ended = new AbortController();
  let openShards: string[] = [];
  const over = AbortSignal.any([signal, ended.signal]);
  const watch = () => [
    every(COUNTS_EVERY_MS, over, async () => {
      const known = await runCounts(client, workflowId, openShards);
      if (!known || over.aborted) return;
      watcher.onCounts?.(known.counts);
      if (known.chosen) watcher.onChosen?.(known.chosen);
    }),
    every(STATE_EVERY_MS, over, async () => {
      const view = await runView(client, workflowId);
      openShards = view.openShards;
      if (!over.aborted) watcher.onState?.(view);
    }),
  ];
  // Wait for queries in flight when the run ends: a worker logs each abandoned query.
  const watching = client.withAbortSignal(signal, () => Promise.all(watch()));
  try {
    // A long poll would last half a minute, even on a closed connection.
    return await client.withAbortSignal(signal, () => outcome(client, workflowId));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    ended.abort();
    await watching;
  }
}

async function outcome(client: Client, workflowId: string): Promise<RunOutcome> {
  try {
    return {
      status: 'completed',
      counts: await client.workflow.result<() => Promise<Counts>>(workflowId),
    };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const reason = failureReason(cause);
    if (cause instanceof CancelledFailure) {
      return { status: 'cancelled', reason: 'it was told to stop; its current batches are stored' };
    }
    if (cause instanceof TerminatedFailure)
      return { status: 'terminated', reason: 'somebody ended it at once' };
    if (cause instanceof TimeoutFailure) return { status: 'timed out', reason };
    return { status: 'failed', reason };
  }
}

/** Ignores failures of `act`: the next call may succeed. */
async function every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act().catch(() => undefined);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
