import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { SCHEDULE_ID } from '../../domain/names.ts';
import { scheduleHandle } from '../../temporal/schedule/create-schedule.ts';
import { ask, type Part } from '../connect/ask-part.ts';
import type { Sources } from '../connect/open-sources.ts';
import { temporal } from './temporal-parts.ts';

export type ScheduleView = {
  scheduleId: string;
  /** False: runs are started by hand or by a cron. */
  exists: boolean;
  paused: boolean;
  note: string;
  next: Date | null;
  last: Date | null;
  /** Between the next two runs. */
  intervalSeconds: number | null;
  changedAt: Date | null;
  skipped: number;
  missed: number;
};

const NONE: ScheduleView = {
  scheduleId: SCHEDULE_ID,
  exists: false,
  paused: false,
  note: '',
  next: null,
  last: null,
  intervalSeconds: null,
  changedAt: null,
  skipped: 0,
  missed: 0,
};

export const readSchedule = (sources: Sources): Promise<Part<ScheduleView>> =>
  ask(temporal(sources), () => sources.temporal(lookAtSchedule));

async function lookAtSchedule(client: Client): Promise<ScheduleView> {
  try {
    const { state, info } = await scheduleHandle(client).describe();
    const [next, afterNext] = info.nextActionTimes;
    return {
      scheduleId: SCHEDULE_ID,
      exists: true,
      paused: state.paused,
      note: state.note ?? '',
      next: state.paused ? null : (next ?? null),
      last: info.recentActions.at(-1)?.takenAt ?? null,
      intervalSeconds: next && afterNext ? (afterNext.getTime() - next.getTime()) / 1_000 : null,
      changedAt: info.lastUpdatedAt ?? info.createdAt,
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return NONE;
    throw error;
  }
}
