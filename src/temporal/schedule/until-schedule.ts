import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { SCHEDULE_ID } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';

const POLL_INTERVAL_MS = 100;
const TIMEOUT_MS = 10_000;

/** The server's answer, without decoding its payloads, so that no payload key is needed. */
export type DescribedSchedule = temporal.api.workflowservice.v1.IDescribeScheduleResponse;

/**
 * Temporal accepts a change of a schedule and applies it later: this waits until the change is visible.
 *
 * @param still the old state, for the message "the schedule is still …"
 * @param repeat repeats the change before each further check
 * @throws Problem after ten seconds
 */
export async function untilSchedule(
  client: Client,
  isApplied: (current: DescribedSchedule) => boolean,
  still: string,
  repeat: () => Promise<void> = async () => {},
): Promise<void> {
  const { namespace } = client.options;
  const describe = () =>
    client.workflowService.describeSchedule({ namespace, scheduleId: SCHEDULE_ID });
  const deadline = performance.now() + TIMEOUT_MS;
  while (!isApplied(await describe())) {
    if (performance.now() > deadline) throw notDone(still);
    await delay(POLL_INTERVAL_MS);
    await repeat();
  }
}

const notDone = (still: string) =>
  new Problem(
    `the schedule ${SCHEDULE_ID} is still ${still}`,
    'Temporal took the call, but has not done what it says',
    "See with `login-etl schedule describe` whether it has by now; if not, Temporal's own workers are stopped or far behind.",
  );
