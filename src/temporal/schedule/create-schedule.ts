import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { IngestInput } from '../../domain/ingest-input.ts';
import { SCHEDULE_ID, TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';
import { type ToldSchedule, untilSchedule } from './until-schedule.ts';

export type SchedulePlan = {
  when: { everyMs: number } | { cron: string };
  /** How late a run may still be started after Temporal was down; what is older is skipped. */
  catchupWindowMs: number;
  input?: Partial<IngestInput> | undefined;
  paused?: boolean | undefined;
};

export const DEFAULT_EVERY_MS = 60_000;
/** A run drains all there is, so one late run makes up for any number of missed ones. */
export const DEFAULT_CATCHUP_WINDOW_MS = 600_000;

/** Makes the schedule, or with `replace` changes the one that is there. */
export async function createSchedule(
  client: Client,
  plan: SchedulePlan,
  { replace = false }: { replace?: boolean } = {},
): Promise<'created' | 'replaced'> {
  const parts = scheduleParts(plan);
  try {
    await client.schedule.create({
      scheduleId: SCHEDULE_ID,
      ...parts,
      state: { paused: plan.paused ?? false },
    });
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw refusal(error);
    if (!replace) throw alreadyThere();
  }
  let before: string | undefined;
  try {
    await scheduleHandle(client).update(({ state, raw }) => {
      before = changeOf(raw);
      // Replacing does not wake a schedule that somebody has paused.
      return { ...parts, state: { ...state, paused: plan.paused ?? state.paused } };
    });
  } catch (error) {
    throw refusal(error);
  }
  // Until then it would undo what the schedule is told from now on.
  await untilSchedule(client, (told) => changeOf(told) !== before, 'as it was');
  return 'replaced';
}

const changeOf = ({ info }: ToldSchedule): string => {
  const { seconds, nanos } = info?.updateTime ?? {};
  return `${Number(seconds ?? 0)}.${nanos ?? 0}`;
};

export const scheduleHandle = (client: Client): ScheduleHandle =>
  client.schedule.getHandle(SCHEDULE_ID);

function scheduleParts({ when, catchupWindowMs, input }: SchedulePlan) {
  return {
    spec:
      'cron' in when
        ? { cronExpressions: [withComment(when.cron)] }
        : { intervals: [{ every: when.everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW_TYPE,
      taskQueue: TASK_QUEUE,
      // Temporal adds the scheduled time to it.
      workflowId: SCHEDULE_ID,
      args: input ? [input] : [],
    },
    policies: {
      // A run drains the queue: one beside it would only compete for the same messages.
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: catchupWindowMs,
    },
  } satisfies Pick<ScheduleOptions, 'spec' | 'action' | 'policies'>;
}

/** Temporal keeps a calendar made from the expression, and its comment: so people find again what was typed. */
const withComment = (cron: string): string => (cron.includes('#') ? cron : `${cron} # ${cron}`);

/** The client turns "invalid argument" into a TypeError. */
const refusal = (error: unknown): unknown =>
  error instanceof TypeError
    ? new Problem(
        'Temporal does not take this schedule',
        'its times make no sense',
        "Give --every 1m, or a cron expression of five fields: --cron '*/5 * * * *'.",
      )
    : error;

const alreadyThere = () =>
  new Problem(
    `the schedule ${SCHEDULE_ID} was not created`,
    'it is already there',
    'Look at it with `login-etl schedule describe`; `login-etl schedule create --replace …` changes it.',
  );

export const noSchedule = () =>
  new Problem(
    `there is no schedule ${SCHEDULE_ID}`,
    'it was not created in this namespace, or was deleted',
    'Create it with `login-etl schedule create`, or check TEMPORAL_NAMESPACE.',
  );
