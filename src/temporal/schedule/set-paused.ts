import type { Client } from '@temporalio/client';
import { scheduleHandle } from './create-schedule.ts';
import { untilSchedule } from './until-schedule.ts';

/**
 * Pauses or resumes the schedule, and returns once the change is visible. When two calls reach Temporal's scheduler
 * together it may apply only one, and a replacement of the schedule that read the old state undoes a pause. So the call
 * is repeated until its effect is visible.
 *
 * @param note must not be empty, or Temporal ignores the pause
 * @throws ScheduleNotFoundError
 * @throws Problem when the change is not visible after ten seconds
 */
export async function setPaused(client: Client, paused: boolean, note: string): Promise<void> {
  const handle = scheduleHandle(client);
  const apply = () => (paused ? handle.pause(note) : handle.unpause(note));
  await apply();
  const still = paused ? 'active' : 'paused';
  await untilSchedule(
    client,
    ({ schedule }) => Boolean(schedule?.state?.paused) === paused,
    still,
    apply,
  );
}
