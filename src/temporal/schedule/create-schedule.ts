import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleOverlapPolicy,
  type ScheduleSpec,
} from '@temporalio/client';
import type { IngestInput } from '../../domain/ingest-input.ts';
import { SCHEDULE_ID, TASK_QUEUE, WORKFLOW_TYPE } from '../../domain/names.ts';
import { describeStart } from '../../domain/run-description.ts';
import { Problem } from '../../errors/problem.ts';
import { type DescribedSchedule, untilSchedule } from './until-schedule.ts';

/** Missing fields get their default in a new schedule, and keep their value in a replaced one. */
export type SchedulePlan = {
  when?: { everyMs: number } | { cron: string } | undefined;
  /** How late a missed run may still be started after Temporal was down. */
  catchupWindowMs?: number | undefined;
  /** Added to the inputs of a schedule that is replaced. */
  input?: Partial<IngestInput> | undefined;
  paused?: boolean | undefined;
};

export const DEFAULT_EVERY_MS = 60_000;
/** A run drains the whole queue, so one late run makes up for all missed ones. */
export const DEFAULT_CATCHUP_WINDOW_MS = 600_000;

/** Creates the schedule, or with `replace` changes an existing one. */
export async function createSchedule(
  client: Client,
  plan: SchedulePlan,
  { replace = false }: { replace?: boolean } = {},
): Promise<'created' | 'replaced'> {
  try {
    await client.schedule.create({
      scheduleId: SCHEDULE_ID,
      spec: scheduleSpec(plan.when ?? { everyMs: DEFAULT_EVERY_MS }),
      action: scheduleAction(plan.input ? [plan.input] : []),
      policies: schedulePolicies(plan.catchupWindowMs ?? DEFAULT_CATCHUP_WINDOW_MS),
      state: { paused: plan.paused ?? false },
    });
    return 'created';
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw refusal(error);
    if (!replace) throw alreadyThere();
  }
  let before: string | undefined;
  try {
    await scheduleHandle(client).update(({ spec, action, policies, state, raw }) => {
      before = changeOf(raw);
      const input = { ...action.args?.[0], ...plan.input };
      return {
        spec: plan.when ? scheduleSpec(plan.when) : spec,
        action: scheduleAction(Object.keys(input).length > 0 ? [input] : []),
        policies: schedulePolicies(plan.catchupWindowMs ?? policies.catchupWindow),
        state: { ...state, paused: plan.paused ?? state.paused },
      };
    });
  } catch (error) {
    throw refusal(error);
  }
  // An update that Temporal has not applied yet would undo later changes.
  await untilSchedule(client, (current) => changeOf(current) !== before, 'as it was');
  return 'replaced';
}

const changeOf = ({ info }: DescribedSchedule): string => {
  const { seconds, nanos } = info?.updateTime ?? {};
  return `${Number(seconds ?? 0)}.${nanos ?? 0}`;
};

export const scheduleHandle = (client: Client): ScheduleHandle =>
  client.schedule.getHandle(SCHEDULE_ID);

const scheduleSpec = (when: NonNullable<SchedulePlan['when']>): ScheduleSpec =>
  'cron' in when
    ? { cronExpressions: [withComment(when.cron)] }
    : { intervals: [{ every: when.everyMs }] };

const scheduleAction = (args: [] | [Partial<IngestInput>]) => ({
  type: 'startWorkflow' as const,
  workflowType: WORKFLOW_TYPE,
  taskQueue: TASK_QUEUE,
  // Temporal appends the scheduled time.
  workflowId: SCHEDULE_ID,
  args,
  ...describeStart('by the schedule', args[0]),
});

const schedulePolicies = (catchupWindowMs: number) => ({
  // A second run would only compete with the first one for the same messages.
  overlap: ScheduleOverlapPolicy.SKIP,
  catchupWindow: catchupWindowMs,
});

/** Temporal converts the expression to a calendar but keeps its comment, so the comment shows what was typed. */
const withComment = (cron: string): string => (cron.includes('#') ? cron : `${cron} # ${cron}`);

/** The client turns "invalid argument" into a TypeError. */
const refusal = (error: unknown): unknown =>
  error instanceof TypeError
    ? new Problem(
        'Temporal does not accept this schedule',
        'its times are not valid',
        "Give --every 1m, or a cron expression of five fields: --cron '*/5 * * * *'.",
      )
    : error;

const alreadyThere = () =>
  new Problem(
    `the schedule ${SCHEDULE_ID} was not created`,
    'it already exists',
    'See `login-etl schedule describe`; to change it use `login-etl schedule create --replace`.',
  );

export const noSchedule = () =>
  new Problem(
    `there is no schedule ${SCHEDULE_ID}`,
    'it was not created in this namespace, or was deleted',
    'Create it with `login-etl schedule create`, or check TEMPORAL_NAMESPACE.',
  );
