import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withHeartbeat } from '../../src/activities/with-heartbeat.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** @returns the details of each heartbeat of ten seconds */
async function heartbeats(
  heartbeatDetails: unknown,
  work: (report: (progress: unknown) => void) => void = () => undefined,
): Promise<unknown[]> {
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const details: unknown[] = [];
  environment.on('heartbeat', (given: unknown) => details.push(given));
  await environment.run(() =>
    withHeartbeat('step', async (report) => {
      work(report);
      await vi.advanceTimersByTimeAsync(10_000);
    }),
  );
  return details;
}

test('an attempt that has made no progress keeps what the attempt before reported', async () => {
  expect(await heartbeats({ done: 250 })).toEqual(Array(3).fill({ done: 250 }));
});

test('progress is reported at once, and repeated', async () => {
  expect(await heartbeats({ done: 250 }, (report) => report({ done: 500 }))).toEqual(
    Array(4).fill({ done: 500 }),
  );
});
