import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  patched,
  setCurrentDetails,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { addCounts, type Counts } from '../../domain/counts.ts';
import {
  type IngestInput,
  InvalidIngestInput,
  parseIngestInput,
  tunesItself,
  tuningFor,
} from '../../domain/ingest-input.ts';
import type { RunOutcome } from '../../domain/run-record.ts';
import { Control } from './control.ts';
import { Drain } from './drain.ts';
import { drainInChild, steerChild } from './drain-in-child.ts';
import type { Carried } from './drain-options.ts';
import { LedgerRow } from './ledger-row.ts';
import { drainInShards } from './shards.ts';
import { showProgress } from './show-progress.ts';

/** The child that drains the rest when the history of a cron's run is full. */
const REST = 'rest';
/** Up to 0.3.0 a run without an input had the defaults, whatever waited in the queue. */
const TUNES_ITSELF = 'tunes-itself';

/**
 * Drains the queue: concurrent `lanes` receive, mask, insert and acknowledge until the queue is empty or `maxMessages`
 * have been received. The signals `pause`, `resume` and `drain` control it; the query `progress` returns its state and
 * counts.
 *
 * @param input any of `{ lanes, batchSize, maxMessages, maxBatchBytes, shards }`; may be absent
 * @param carried only passed by the previous run of the same chain
 * @returns the counts of the whole chain
 * @throws ApplicationFailure `InvalidInput`, not retried, when the input is invalid
 */
export async function ingestLogins(input?: unknown, carried?: Carried): Promise<Counts> {
  const ledgerRow = new LedgerRow();
  const settings = parse(input);
  const { runId, continuedFromExecutionRunId, cronSchedule } = workflowInfo();
  if (settings.shards > 1) return drainInShards(settings, ledgerRow);
  const isOurs = carried?.fromRunId && carried.fromRunId === continuedFromExecutionRunId;
  const ours = isOurs ? carried : undefined;
  const scope = CancellationScope.current();
  const control = new Control(ours?.state ?? 'draining');
  let restInChild = false;
  let ownBatches: Promise<boolean> | undefined;
  const handedOver: { shards?: Promise<Counts> } = {};
  const show = () => {
    if (!handedOver.shards) showProgress(drain.total(), control.state);
  };
  const drain = new Drain(settings, {
    ...{ carried: ours, control, ledgerRow, onProgress: show },
    handOver(backlog, room) {
      const tuning = tunesItself(input) ? tuningFor(backlog) : undefined;
      if (!tuning || !patched(TUNES_ITSELF)) return false;
      const beginning = { chosen: { ...tuning, backlog }, control, drain, stored: ownBatches };
      const rest = { ...settings, ...tuning, maxMessages: room };
      handedOver.shards = scope.run(() => drainInShards(rest, ledgerRow, beginning));
      return true;
    },
  });
  control.listen((signal) => {
    show();
    if (restInChild) void steerChild(REST, signal);
  });
  control.answer(settings.lanes, () => drain.total());
  show();

  let cancelled = false;
  scope.cancelRequested.catch(() => {
    cancelled = true;
    control.steer('drain');
  });
  // A cancelled run finishes its current batches too, so that no message waits for its visibility timeout.
  const more = await CancellationScope.nonCancellable(async () => {
    try {
      ownBatches = drain.run();
      const historyIsFull = await ownBatches;
      if (handedOver.shards) return false;
      await ledgerRow.close(drain.counts, outcome(cancelled, historyIsFull), drain.total());
      return historyIsFull;
    } catch (error) {
      if (handedOver.shards) return false;
      await ledgerRow.closeFailed(drain.counts, drain.total());
      throw error;
    }
  });
  if (handedOver.shards) return handedOver.shards;
  if (cancelled) throw new CancelledFailure('cancelled; what was in hand is stored');
  if (more && cronSchedule) {
    return drainRest(settings, drain.total(), () => {
      restInChild = true;
      if (control.paused) void steerChild(REST, 'pause');
    });
  }
  if (more) {
    await continueAsNew<typeof ingestLogins>(input, drain.carry(runId, control.state));
  }
  return drain.total();
}

// With worker versioning, a run stays on the build that started it. A long drain, whose run continues as new, moves to the
// current build with its next run, so that the old build is drained soon. Temporal refuses a behavior from a worker without
// versioning.
setWorkflowOptions(() => {
  const { continuedFromExecutionRunId, currentDeploymentVersion } = workflowInfo();
  if (!currentDeploymentVersion?.deploymentName) return {};
  return { versioningBehavior: continuedFromExecutionRunId ? 'AUTO_UPGRADE' : 'PINNED' };
}, ingestLogins);

/** A run that continues as new would lose its cron schedule, so a child drains the rest. */
async function drainRest(
  settings: IngestInput,
  soFar: Counts,
  onStarted: () => void,
): Promise<Counts> {
  const maxMessages = settings.maxMessages - soFar.received;
  if (maxMessages > 0) {
    addCounts(soFar, await drainInChild(REST, { ...settings, maxMessages }, onStarted));
  }
  showProgress(soFar, 'completed');
  return soFar;
}

function outcome(cancelled: boolean, historyIsFull: boolean): RunOutcome {
  if (cancelled) return 'cancelled';
  return historyIsFull ? 'continued' : 'completed';
}

function parse(input: unknown): IngestInput {
  try {
    return parseIngestInput(input);
  } catch (error) {
    if (!(error instanceof InvalidIngestInput)) throw error;
    setCurrentDetails(`**failed**\n\n${error.message}`);
    throw ApplicationFailure.nonRetryable(error.message, 'InvalidInput');
  }
}
