import {
  ApplicationFailure,
  continueAsNew,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RecoverActivities } from '../../activities/recover/recover-histories.ts';
import { MAX_HISTORY_EVENTS } from '../../batch/history-budget.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import {
  addRecovery,
  describeRecovery,
  type RecoveryInput,
  type RecoveryProgress,
  type RecoveryResult,
  zeroRecoveryCounts,
} from '../../domain/recovery/recovery.ts';
import { PROGRESS_QUERY } from '../../domain/rotation/rotation.ts';
import { RECOVER } from '../activity-options.ts';

/** The state that a run passes to the next one when it continues as new. */
type Carried = {
  /** Accepted only if it is the run that this one continues. */
  fromRunId: string;
  progress: RecoveryProgress;
};

/**
 * Inserts what a restore of the database has undone, from the histories of the runs that closed since then or are open. It
 * does nothing without the audit record of a custodian's request; the activities read there what to recover.
 *
 * @param carried only passed by the previous run of the same chain
 */
export async function recoverLogins(
  input: RecoveryInput | undefined,
  carried?: Carried,
): Promise<RecoveryResult> {
  // Thrown otherwise, a missing input would fail the workflow task for ever.
  if (typeof input?.requestId !== 'string') {
    throw ApplicationFailure.nonRetryable(
      'a recovery is refused: it has no request',
      'InvalidInput',
    );
  }
  const { requestId } = input;
  const { runId, continuedFromExecutionRunId } = workflowInfo();
  const isOurs = carried?.fromRunId && carried.fromRunId === continuedFromExecutionRunId;
  let progress: RecoveryProgress = isOurs
    ? carried.progress
    : { counts: zeroRecoveryCounts(), missingKeys: [] };
  const show = () => setCurrentDetails(`**${describeRecovery(progress)}**`);
  setHandler(defineQuery<RecoveryProgress>(PROGRESS_QUERY), () => progress);
  show();
  const range = await step('audit: the request of the recovery').beginRecovery({ requestId });
  do {
    const { recoverRuns } = step(`recover runs after the first ${progress.counts.runs}`);
    progress = addRecovery(progress, await recoverRuns({ requestId, page: progress.page }));
    show();
    if (progress.page && workflowInfo().historyLength >= MAX_HISTORY_EVENTS) {
      await continueAsNew<typeof recoverLogins>({ requestId }, { fromRunId: runId, progress });
    }
  } while (progress.page);
  const { counts, missingKeys } = progress;
  const found = { requestId, counts, missingKeys, ...range };
  const result = await step('audit: the recovery ends').finishRecovery(found);
  progress = { ...progress, counts: result.counts };
  show();
  return result;
}

const step = (summary: string) =>
  proxyActivities<RecoverActivities>({ ...RECOVER, summary: clearSummary(summary) });
