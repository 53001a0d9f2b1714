import type { Client } from '@temporalio/client';
import { scheduleHandle } from './create-schedule.ts';
import { untilSchedule } from './until-schedule.ts';

/**
 * Pauses the schedule or wakes it, and returns once it is so. Of two calls that reach Temporal's scheduler together it may
 * heed but one, and a replacement of the schedule, made from what it was before, undoes a pause that came after it. So it
 * is told again until it shows.
 *
 * @param note not empty: Temporal ignores a pause without one
 * @throws ScheduleNotFoundError
 * @throws Problem when it is not so after ten seconds
 */
export async function setPaused(client: Client, paused: boolean, note: string): Promise<void> {
  const handle = scheduleHandle(client);
  const tell = () => (paused ? handle.pause(note) : handle.unpause(note));
  await tell();
  const still = paused ? 'active' : 'paused';
  await untilSchedule(
    client,
    ({ schedule }) => Boolean(schedule?.state?.paused) === paused,
    still,
    tell,
  );
}
