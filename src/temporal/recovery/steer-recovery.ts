import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { TASK_QUEUE } from '../../domain/names.ts';
import {
  RECOVERY_WORKFLOW_ID,
  RECOVERY_WORKFLOW_TYPE,
  type RecoveryInput,
  type RecoveryProgress,
  type RecoveryResult,
} from '../../domain/recovery/recovery.ts';
import { PROGRESS_QUERY } from '../../domain/rotation/rotation.ts';
import { Problem } from '../../errors/problem.ts';
import { failureReason } from '../runs/failing-steps.ts';
import { openRuns } from '../runs/list-runs.ts';
import { lookAtRun } from '../runs/look-at-run.ts';
import { readSchedule } from '../schedule/read-schedule.ts';

const ANSWER_MS = 3_000;
const MAX_RUNS = 100;

/** @returns false when one is running: that one is then followed */
export async function startRecovery(client: Client, input: RecoveryInput): Promise<boolean> {
  try {
    await client.workflow.start(RECOVERY_WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: RECOVERY_WORKFLOW_ID,
      args: [input],
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

export async function isRecovering(client: Client): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(RECOVERY_WORKFLOW_ID).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Before ingestion goes on. @throws Problem while a recovery runs */
export async function refuseWhileRecovering(client: Client): Promise<void> {
  if (!(await isRecovering(client))) return;
  throw new Problem(
    'ingestion was not resumed',
    'a recovery is running: what a restore has undone is being inserted again',
    'Wait for its end: `login-etl recover` shows it.',
  );
}

/** Waits for the result. @throws Problem when it failed */
export async function followRecovery(
  client: Client,
  onProgress: (progress: RecoveryProgress) => void,
  everyMs: number,
): Promise<RecoveryResult> {
  const handle = client.workflow.getHandle<() => Promise<RecoveryResult>>(RECOVERY_WORKFLOW_ID);
  const look = async () => {
    try {
      const progress = await client.withDeadline(Date.now() + ANSWER_MS, () =>
        handle.query<RecoveryProgress>(PROGRESS_QUERY),
      );
      onProgress(progress);
    } catch {
      // No worker answers yet.
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  try {
    return await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new Problem(
      'the recovery did not come to its end',
      failureReason(error.cause),
      'Mend the cause and run `login-etl recover` again: it changes nothing that is there.',
    );
  } finally {
    clearInterval(timer);
  }
}

/**
 * Ingestion stands still while a restored database is put right: nobody should see new rows before erasures are done again.
 * @throws Problem naming what is to be paused
 */
export async function refuseWhileIngesting(client: Client): Promise<void> {
  const schedule = await readSchedule(client.connection, client.options.namespace, ANSWER_MS);
  if (schedule && !schedule.paused) {
    throw notPaused('the schedule starts runs', '`login-etl schedule pause`');
  }
  for (const { workflowId } of await openRuns(client, MAX_RUNS)) {
    const { state } = await lookAtRun(client, workflowId);
    if (state === 'paused' || state === 'waiting') continue;
    throw notPaused(
      `run ${workflowId} is ${state === 'unknown' ? 'open, and no worker answers for it' : state}`,
      state === 'unknown'
        ? '`login-etl pause`, then start a worker'
        : '`login-etl pause` or `login-etl drain`',
    );
  }
}

const notPaused = (why: string, whatToDo: string) =>
  new Problem('nothing is recovered while ingestion runs', why, `Do this first: ${whatToDo}.`);
