import { ApplicationFailure } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import {
  type RecoveryInput,
  type RecoveryProgress,
  type RecoveryResult,
  zeroRecoveryCounts,
} from '../../domain/recovery/recovery.ts';
import { DAY_MS } from '../../domain/tables/days.ts';
import {
  endRecovery,
  findRecovery,
  type RecordedRecovery,
  readUnclosedRuns,
} from '../../postgres/recovery/recovery-records.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { type RecoverDependencies, RunRecovery } from './recover-run.ts';

type Execution = { workflowId: string; runId: string };
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** What a recovery reads in Temporal (`temporal/recovery/histories.ts`). */
type Histories = {
  list(since: Date, limit: number, page?: string): Promise<{ runs: Execution[]; page?: string }>;
  read(
    run: Execution,
    page?: Uint8Array,
  ): Promise<{ events: HistoryEvent[]; next?: Uint8Array } | undefined>;
  isGone(run: Execution): Promise<boolean>;
  retentionSeconds(): Promise<number>;
};

type Dependencies = RecoverDependencies & { histories: Histories };

/** The clocks of Postgres and Temporal may differ, and a run closes a while after its last insert. */
const CLOCKS_MS = 3_600_000;
/** Runs of one step. Few, since a step that is tried again begins with the first. */
const RUNS_PER_STEP = 20;
const MOST_UNCLOSED = 1_000;

export const createRecoverActivities = (dependencies: Dependencies) => {
  const { pool, histories } = dependencies;

  return {
    /** What is to be recovered is on record: an input of Temporal's proves nothing about who started the workflow. */
    beginRecovery: ({ requestId }: RecoveryInput) =>
      withHeartbeat('beginRecovery', async () => {
        const { since } = await requireRecovery(requestId);
        const historiesSinceMs = Date.now() - (await histories.retentionSeconds()) * 1_000;
        return { sinceMs: since.getTime(), historiesSinceMs };
      }),

    /** Recovers the next runs. A repetition finds what an earlier attempt has stored. */
    recoverRuns: ({
      requestId,
      page,
    }: RecoveryInput & { page?: string | undefined }): Promise<RecoveryProgress> =>
      withHeartbeat('recoverRuns', async (report) => {
        const { since } = await requireRecovery(requestId);
        const from = new Date(since.getTime() - CLOCKS_MS);
        const { runs, page: next } = await histories.list(from, RUNS_PER_STEP, page);
        const progress: RecoveryProgress = { counts: zeroRecoveryCounts(), missingKeys: [] };
        for (const run of runs) {
          await recoverRun(run, requestId, progress);
          report(progress);
        }
        return { ...progress, page: next };
      }),

    /** Looks for runs whose history is gone, and writes the audit record of the end. */
    finishRecovery: ({ requestId, ...result }: RecoveryInput & RecoveryResult) =>
      withHeartbeat('finishRecovery', async (): Promise<RecoveryResult> => {
        const recovery = await findRecovery(pool, requestId);
        if (!recovery) throw refused();
        const since = new Date(recovery.since.getTime() - DAY_MS);
        const counts = { ...result.counts };
        for (const run of await readUnclosedRuns(pool, since, MOST_UNCLOSED)) {
          if (await histories.isGone(run)) counts.beyondRetention += 1;
        }
        await endRecovery(pool, requestId, { ...counts, missingKeys: result.missingKeys });
        return { ...result, counts };
      }),
  };

  async function requireRecovery(requestId: string): Promise<RecordedRecovery> {
    const recovery = await findRecovery(pool, requestId);
    if (!recovery || recovery.ended) throw refused();
    return recovery;
  }

  async function recoverRun(
    run: Execution,
    requestId: string,
    progress: RecoveryProgress,
  ): Promise<void> {
    const recovery = new RunRecovery(dependencies, run.workflowId, requestId, progress);
    let page: Uint8Array | undefined;
    do {
      const read = await histories.read(run, page);
      if (!read) {
        progress.counts.beyondRetention += 1;
        return;
      }
      for (const event of read.events) await recovery.event(event);
      page = read.next;
    } while (page);
    progress.counts.runs += 1;
  }
};

const refused = () =>
  ApplicationFailure.nonRetryable(
    'a recovery is refused: no custodian has requested it, or it has ended: start it with `login-etl recover`',
    'RecoveryRefused',
  );

/** Workflows import only this type. */
export type RecoverActivities = ReturnType<typeof createRecoverActivities>;
