import type { ConnectionLike } from '@temporalio/client';
import { SCHEDULE_ID } from '../../domain/names.ts';
import { NOT_FOUND } from '../temporal-problem.ts';

type ScheduleState = {
  paused: boolean;
  nextRunAtSeconds: number | undefined;
  /** Between its next two runs. */
  intervalSeconds: number | undefined;
  /** Temporal's counts since the schedule was created. */
  started: number;
  skipped: number;
  missed: number;
};

/** Reads the schedule's state without its input, which needs no payload key. Undefined when there is no schedule. */
export async function readSchedule(
  connection: ConnectionLike,
  namespace: string,
  timeoutMs: number,
): Promise<ScheduleState | undefined> {
  try {
    const { schedule, info } = await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeSchedule({ namespace, scheduleId: SCHEDULE_ID }),
    );
    const [next, second] = (info?.futureActionTimes ?? []).map(({ seconds }) => Number(seconds));
    return {
      paused: schedule?.state?.paused ?? false,
      nextRunAtSeconds: next,
      intervalSeconds: next !== undefined && second !== undefined ? second - next : undefined,
      started: Number(info?.actionCount ?? 0),
      skipped: Number(info?.overlapSkipped ?? 0),
      missed: Number(info?.missedCatchupWindow ?? 0),
    };
  } catch (error) {
    if ((error as { code?: unknown }).code === NOT_FOUND) return undefined;
    throw error;
  }
}
