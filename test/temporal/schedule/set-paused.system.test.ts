import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSchedule, scheduleHandle } from '../../../src/temporal/schedule/create-schedule.ts';
import { setPaused } from '../../../src/temporal/schedule/set-paused.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

const HOURLY = { when: { everyMs: 3_600_000 }, catchupWindowMs: 60_000 };
/** Whether two calls reach Temporal's scheduler together is chance, and a good one while it is busy. */
const TRIES = 40;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
  await createSchedule(stack.client, HOURLY);
});
afterAll(() => stack?.stop());

async function looks() {
  const { state } = await scheduleHandle(stack.client).describe();
  return { paused: state.paused, note: state.note };
}

/** Keeps the scheduler at work with signals that change nothing, so that it finds several calls at once. */
async function whileBusy(act: () => Promise<void>): Promise<void> {
  const scheduler = stack.client.workflow.getHandle('temporal-sys-scheduler:ingest-logins');
  let done = false;
  const keepBusy = async () => {
    while (!done) await scheduler.signal('refresh');
  };
  const busy = Promise.all([keepBusy(), keepBusy(), keepBusy()]);
  try {
    await act();
  } finally {
    done = true;
    await busy;
  }
}

test('a pause holds that is called as soon as the schedule was replaced', () =>
  whileBusy(async () => {
    for (let number = 0; number < TRIES; number++) {
      await setPaused(stack.client, false, 'awake');
      await createSchedule(stack.client, HOURLY, { replace: true });
      await scheduleHandle(stack.client).pause(`pause ${number}`);
      expect(await looks()).toEqual({ paused: true, note: `pause ${number}` });
    }
  }));

test('a pause is not lost to another call at the same time', () =>
  whileBusy(async () => {
    for (let number = 0; number < TRIES; number++) {
      await setPaused(stack.client, false, 'awake');
      await Promise.all([
        setPaused(stack.client, true, 'database moves'),
        // A time without any run in it.
        scheduleHandle(stack.client).backfill({ start: new Date(0), end: new Date(1) }),
      ]);
      expect(await looks()).toEqual({ paused: true, note: 'database moves' });
    }
  }));

test('a paused schedule is resumed, with a note', async () => {
  await setPaused(stack.client, true, 'database moves');
  await setPaused(stack.client, false, 'database has moved');
  expect(await looks()).toEqual({ paused: false, note: 'database has moved' });
});
