import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { SCHEDULE_ID } from '../../domain/names.ts';
import { Problem } from '../../errors/problem.ts';

const LOOK_AGAIN_MS = 100;
const GIVE_UP_MS = 10_000;

/** As the server tells it: nothing in it is decoded, so no payload key is wanted. */
export type ToldSchedule = temporal.api.workflowservice.v1.IDescribeScheduleResponse;

/**
 * Temporal takes what a schedule is told, and does it later: this waits until it shows.
 *
 * @param still what people are told if it does not: the schedule is still so
 * @param tellAgain done before each further look
 * @throws Problem after ten seconds
 */
export async function untilSchedule(
  client: Client,
  shows: (told: ToldSchedule) => boolean,
  still: string,
  tellAgain: () => Promise<void> = async () => {},
): Promise<void> {
  const { namespace } = client.options;
  const look = () =>
    client.workflowService.describeSchedule({ namespace, scheduleId: SCHEDULE_ID });
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!shows(await look())) {
    if (performance.now() > giveUpAt) throw notDone(still);
    await delay(LOOK_AGAIN_MS);
    await tellAgain();
  }
}

const notDone = (still: string) =>
  new Problem(
    `the schedule ${SCHEDULE_ID} is still ${still}`,
    'Temporal took the call, but has not done what it says',
    "See with `login-etl schedule describe` whether it has by now; if not, Temporal's own workers are stopped or far behind.",
  );
