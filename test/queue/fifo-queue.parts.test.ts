import { afterAll, beforeAll, expect, test } from 'vitest';
import { receiveBatch } from '../../src/queue/receive-batch.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeAll(async () => {
  sqs = await startTestQueue({ fifo: true });
});
afterAll(() => sqs?.stop());

test('messages are sent to a FIFO queue and received from it; each call can be retried by its own id', async () => {
  const bodies = Array.from({ length: 50 }, (_, n) => `message ${n}`);
  await sendMessages(sqs.queue, bodies);
  const bounds = { maxMessages: 100, maxBytes: 1_000_000 };
  const { messages } = await receiveBatch(sqs.proxied, bounds);
  expect(messages.map(({ body }) => body).sort()).toEqual(bodies.sort());
  const attempts = sqs.proxy.calls.map(({ body }) => body.ReceiveRequestAttemptId);
  expect(new Set(attempts).size).toBe(attempts.length);
  expect(attempts.every((id) => typeof id === 'string')).toBe(true);
});
