import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  workflowInfo,
} from '@temporalio/workflow';
import { addCounts, type Counts } from '../domain/counts.ts';
import { type IngestInput, InvalidIngestInput, parseIngestInput } from '../domain/ingest-input.ts';
import type { RunOutcome } from '../domain/run-record.ts';
import { type Carried, Drain } from './drain.ts';
import { drainInChild } from './drain-in-child.ts';
import { recordFailedRun, recordRun } from './record-run.ts';
import { drainInShards } from './shards.ts';
import { showProgress } from './show-progress.ts';

/**
 * Drains the queue: `lanes` loops of receive, mask, insert and acknowledge, side by side, until the queue is
 * empty or `maxMessages` are taken.
 *
 * @param input any of `{ lanes, batchSize, maxMessages, maxBatchBytes, shards }`; may be absent
 * @param carried what an earlier run of the same chain handed on; people leave it out
 * @returns the counts of the whole chain
 * @throws ApplicationFailure `InvalidInput`, not retried, when the input makes no sense
 */
export async function ingestLogins(input?: unknown, carried?: Carried): Promise<Counts> {
  const settings = parse(input);
  const { runId, continuedFromExecutionRunId, cronSchedule } = workflowInfo();
  if (settings.shards > 1) return drainInShards(settings);
  const ours = carried?.fromRunId === continuedFromExecutionRunId ? carried : undefined;
  const drain = new Drain(settings, ours, () => showProgress(drain.total()));
  showProgress(drain.total());

  CancellationScope.current().cancelRequested.catch(() => {
    drain.stopping = true;
  });
  // Cancelled or not, what is in hand is brought to its end: nothing is left to time out.
  const more = await CancellationScope.nonCancellable(async () => {
    try {
      const historyIsFull = await drain.run();
      await recordRun(drain.counts, outcome(drain, historyIsFull));
      return historyIsFull;
    } catch (error) {
      await recordFailedRun(drain.counts);
      throw error;
    }
  });
  if (drain.stopping) throw new CancelledFailure('cancelled; what was in hand is stored');
  if (more && cronSchedule) return drainRest(settings, drain.total());
  if (more) {
    await continueAsNew<typeof ingestLogins>(input, {
      fromRunId: runId,
      counts: drain.total(),
      expectedMessageBytes: drain.expectedMessageBytes,
    });
  }
  return drain.total();
}

/** A run that continues as new loses its cron schedule, so the rest of its drain is left to a child. */
async function drainRest(settings: IngestInput, soFar: Counts): Promise<Counts> {
  const maxMessages = settings.maxMessages - soFar.received;
  if (maxMessages > 0) addCounts(soFar, await drainInChild('rest', { ...settings, maxMessages }));
  return soFar;
}

function outcome(drain: Drain, historyIsFull: boolean): RunOutcome {
  if (drain.stopping) return 'cancelled';
  return historyIsFull ? 'continued' : 'completed';
}

function parse(input: unknown): IngestInput {
  try {
    return parseIngestInput(input);
  } catch (error) {
    if (!(error instanceof InvalidIngestInput)) throw error;
    throw ApplicationFailure.nonRetryable(error.message, 'InvalidInput');
  }
}
