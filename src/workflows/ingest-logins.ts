import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { type Counts, describeCounts } from '../domain/counts.ts';
import { type IngestInput, InvalidIngestInput, parseIngestInput } from '../domain/ingest-input.ts';
import { type Carried, Drain } from './drain.ts';

/**
 * Drains the queue: `lanes` loops of receive, mask, insert and acknowledge, side by side, until the queue is
 * empty or `maxMessages` are taken.
 *
 * @param input any of `{ lanes, batchSize, maxMessages, maxBatchBytes }`; may be absent
 * @param carried what an earlier run of the same chain handed on; people leave it out
 * @returns the counts of the whole chain
 * @throws ApplicationFailure `InvalidInput`, not retried, when the input makes no sense
 */
export async function ingestLogins(input?: unknown, carried?: Carried): Promise<Counts> {
  const settings = parse(input);
  const { runId, continuedFromExecutionRunId } = workflowInfo();
  const ours = carried?.fromRunId === continuedFromExecutionRunId ? carried : undefined;
  const drain = new Drain(settings, ours, () => showProgress(drain.counts));
  showProgress(drain.counts);

  CancellationScope.current().cancelRequested.catch(() => {
    drain.stopping = true;
  });
  // Cancelled or not, what is in hand is brought to its end: nothing is left to time out.
  const more = await CancellationScope.nonCancellable(() => drain.run());
  if (drain.stopping) throw new CancelledFailure('cancelled; what was in hand is stored');
  if (more) {
    await continueAsNew<typeof ingestLogins>(input, {
      fromRunId: runId,
      counts: drain.counts,
      expectedMessageBytes: drain.expectedMessageBytes,
    });
  }
  return drain.counts;
}

function parse(input: unknown): IngestInput {
  try {
    return parseIngestInput(input);
  } catch (error) {
    if (!(error instanceof InvalidIngestInput)) throw error;
    throw ApplicationFailure.nonRetryable(error.message, 'InvalidInput');
  }
}

/** What the Web UI shows as the workflow's current details. */
function showProgress(counts: Counts): void {
  setCurrentDetails(`**${describeCounts(counts)}** in ${counts.batches} batches`);
}
