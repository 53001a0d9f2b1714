import { afterAll, beforeAll, expect, test } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeAll(async () => {
  sqs = await startTestQueue();
});
afterAll(() => sqs?.stop());

const open = (queue: { url: string } | { name: string }, more = {}) =>
  openQueue(sqs.client, { region: sqs.server.region, queue, ...more });

test('a queue is found by its name or its URL', async () => {
  expect(await open({ name: 'login-queue' })).toMatchObject({ url: sqs.queue.url, fifo: false });
  expect(await open({ url: sqs.queue.url })).toMatchObject({ url: sqs.queue.url });
});

test('a FIFO queue is told by its name', async () => {
  await sqs.server.createQueue('logins.fifo', { FifoQueue: 'true' });
  expect(await open({ name: 'logins.fifo' })).toMatchObject({ fifo: true });
});

test('a missing queue fails here, before anything is received', async () => {
  const missing = { name: 'QueueDoesNotExist' };
  await expect(open({ name: 'nowhere' })).rejects.toMatchObject(missing);
  await expect(open({ url: `${sqs.queue.url}-not` })).rejects.toMatchObject(missing);
});

test('a visibility timeout of our own is kept with the queue', async () => {
  expect(await open({ url: sqs.queue.url }, { visibilityTimeoutSeconds: 5 })).toMatchObject({
    visibilityTimeoutSeconds: 5,
  });
  expect(await open({ url: sqs.queue.url })).not.toHaveProperty('visibilityTimeoutSeconds');
});
