import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { acceptArguments } from '../../src/activities/accept-arguments.ts';
import { withOrigin } from '../../src/domain/payload-origin.ts';

const UNTIL_MS = Date.UTC(2026, 10, 28);

/** An activity that was scheduled then, with an argument of a build before 0.4. */
const executeAt = (scheduledTimestampMs: number): Promise<unknown> =>
  new MockActivityEnvironment({ activityType: 'maskBatch', scheduledTimestampMs }).run(() =>
    Promise.resolve(
      acceptArguments(UNTIL_MS).execute?.(
        { args: [withOrigin({ count: 1 }, 'unbound')], headers: {} },
        async ({ args }) => args,
      ),
    ),
  );

test('an argument of a build before 0.4 is accepted for steps scheduled in time', async () => {
  expect(await executeAt(UNTIL_MS - 1)).toEqual([{ count: 1 }]);
});

test.each([UNTIL_MS, UNTIL_MS + 1])('and refused for later ones: %d', async (at) => {
  await expect(executeAt(at)).rejects.toMatchObject({
    type: 'PayloadRefused',
    nonRetryable: true,
    message: expect.stringContaining('earlier build'),
  });
});
