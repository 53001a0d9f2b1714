import { afterEach, beforeEach, expect, test } from 'vitest';
import { receiveBatch } from '../../src/queue/receive-batch.ts';
import { SendRefused, sendMessages } from '../../src/queue/send-messages.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeEach(async () => {
  sqs = await startTestQueue();
});
afterEach(() => sqs?.stop());

const sizes = () =>
  sqs.proxy.calls.map(({ body }) =>
    (body.Entries as { MessageBody: string }[]).map(({ MessageBody }) => MessageBody.length),
  );

test('any number of messages is sent in tens, and each has an id', async () => {
  const bodies = Array.from({ length: 105 }, (_, n) => `message ${n}`);
  const seen: number[] = [];
  const ids = await sendMessages(sqs.proxied, bodies, (sent) => seen.push(sent));
  expect(new Set(ids).size).toBe(105);
  const counts = sizes().map((call) => call.length);
  expect(counts.sort((one, other) => one - other)).toEqual([5, ...Array(10).fill(10)]);
  expect(seen.at(-1)).toBe(105);
  const bounds = { maxMessages: 200, maxBytes: 1_000_000 };
  const { messages: received } = await receiveBatch(sqs.queue, bounds);
  expect(received.map(({ body }) => body).sort()).toEqual(bodies.sort());
  expect(received.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
});

test('no call is larger than the MiB that SQS takes', async () => {
  const bodies = [400_000, 400_000, 400_000, 1_048_576, 1, 1].map((size) => 'x'.repeat(size));
  await sendMessages(sqs.proxied, bodies);
  for (const call of sizes()) {
    expect(call.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_048_576);
  }
  expect(await sqs.depth()).toEqual({ visible: 6, inFlight: 0 });
});

test('messages are read as they are needed: a file of any length fits into memory', async () => {
  let read = 0;
  let sent = 0;
  let furthestAhead = 0;
  function* bodies() {
    for (; read < 1_000; read += 1) {
      furthestAhead = Math.max(furthestAhead, read - sent);
      yield `message ${read}`;
    }
  }
  await sendMessages(sqs.queue, bodies(), (count) => {
    sent = count;
  });
  expect(sent).toBe(1_000);
  expect(furthestAhead).toBeLessThan(200);
});

test('when one cannot be read, the full tens before it are sent and counted, and nothing after it', async () => {
  let sent = 0;
  function* bodies() {
    for (let n = 0; n < 25; n += 1) yield `message ${n}`;
    throw new Error('the file ends here');
  }
  const sending = sendMessages(sqs.queue, bodies(), (count) => {
    sent = count;
  });
  await expect(sending).rejects.toThrow('the file ends here');
  expect(sent).toBe(20);
  expect(await sqs.depth()).toEqual({ visible: 20, inFlight: 0 });
});

test('a message that SQS refuses is an error that names its code, not the message', async () => {
  sqs.proxy.setFault(async (_call, passOn) => {
    const answer = await passOn();
    const Failed = [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents' }];
    return { ...answer, body: { ...answer.body, Failed } };
  });
  const sending = sendMessages(sqs.proxied, ['secret 203.0.113.77']);
  await expect(sending).rejects.toThrow(SendRefused);
  await expect(sending).rejects.toThrow('SQS refused 1 message(s) (InvalidMessageContents)');
});
