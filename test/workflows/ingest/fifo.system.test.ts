import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { zeroCounts } from '../../../src/domain/counts.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { type Stack, startStack } from '../../support/start-stack.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ fifo: true });
  await stack.startWorker();
});
beforeEach(() => stack.clear());
afterAll(() => stack?.stop());

/** In turn to so many groups; of each group SQS gives no second message while the first is in hand. */
async function sendToGroups(bodies: string[], groups: number): Promise<void> {
  for (let from = 0; from < bodies.length; from += 10) {
    const Entries = bodies.slice(from, from + 10).map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      MessageGroupId: `group-${(from + index) % groups}`,
      MessageDeduplicationId: randomUUID(),
    }));
    await stack.queue.client.send(
      new SendMessageBatchCommand({ QueueUrl: stack.queue.url, Entries }),
    );
  }
}

test.each([
  { groups: 1, messages: 8 },
  { groups: 3, messages: 30 },
])('a FIFO queue of $groups group(s) is drained to the end', async ({ groups, messages }) => {
  await sendToGroups(loginMessages(messages), groups);
  expect(await stack.run()).toMatchObject({
    received: messages,
    inserted: messages,
    acknowledged: messages,
  });
  expect(await stack.rows()).toHaveLength(messages);
  expect(await stack.queueDepth()).toEqual({ visible: 0, inFlight: 0 });
});

test('lanes that find a FIFO queue locked by another lane stay, and go on when that one is done', async () => {
  await sendToGroups(loginMessages(12), 1);
  const locking = await stack.pool.connect();
  const handle = await stack.start({ lanes: 3 });
  const events = async () => (await handle.fetchHistory()).events ?? [];
  try {
    await locking.query('begin; lock table user_logins in access exclusive mode');
    // One lane has the message that can be had; the long polls of the other two were in vain.
    await expect
      .poll(async () => (await events()).filter(isCompletedStep).length, { timeout: 20_000 })
      .toBe(4);
    await locking.query('commit');
  } finally {
    locking.release(true);
  }
  expect(await handle.result()).toMatchObject({ received: 12, inserted: 12, acknowledged: 12 });
  const summaries = (await events()).map(({ userMetadata }) =>
    Buffer.from(userMetadata?.summary?.data ?? []).toString(),
  );
  expect(summaries).toContainEqual(expect.stringMatching(/lane [23]: mask 1 messages/));
});

/** Receive and mask of the lane that has a message; receive of the two that have none. */
const isCompletedStep = (event: { activityTaskCompletedEventAttributes?: unknown }): boolean =>
  Boolean(event.activityTaskCompletedEventAttributes);

test('a FIFO queue of many groups is drained to the end', async () => {
  await stack.send(loginMessages(150));
  expect(await stack.run()).toMatchObject({ received: 150, inserted: 150, acknowledged: 150 });
});

test('an empty FIFO queue ends the run at once', async () => {
  const startedAt = performance.now();
  expect(await stack.run()).toEqual(zeroCounts());
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
