import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallsInFlight, FIRST_CALLS, MOST_CALLS } from '../../src/queue/calls/calls-in-flight.ts';
import {
  type BatchBounds,
  type ReceiveOptions,
  receiveBatch,
} from '../../src/queue/receive-batch.ts';
import { sendMessages } from '../../src/queue/send-messages.ts';
import { peakConcurrency, type SqsCall, sqsError } from '../support/servers/sqs-proxy.ts';
import { startTestQueue, type TestQueue } from '../support/servers/test-queue.ts';

let sqs: TestQueue;

beforeEach(async () => {
  sqs = await startTestQueue();
});
afterEach(() => sqs?.stop());

const PLENTY = { maxMessages: 1_000, maxBytes: 10_000_000 };

const eightCalls = () => new CallsInFlight({ first: 8, most: 8 });

const receiveAll = (bounds: Partial<BatchBounds> = {}, options: Partial<ReceiveOptions> = {}) =>
  receiveBatch(sqs.proxied, { ...PLENTY, ...bounds }, { calls: eightCalls(), ...options });

const receive = async (...args: Parameters<typeof receiveAll>) =>
  (await receiveAll(...args)).messages;

const send = (count: number, bytes = 10) =>
  sendMessages(
    sqs.queue,
    Array.from({ length: count }, (_, n) => String(n).padEnd(bytes, '.')),
  );

const calls = (action: string): SqsCall[] =>
  sqs.proxy.calls.filter((call) => call.action === action);

test('one long poll of a second finds that a queue is empty', async () => {
  const startedAt = performance.now();
  expect(await receive()).toEqual([]);
  const took = performance.now() - startedAt;
  expect(took).toBeGreaterThan(900);
  expect(took).toBeLessThan(2_500);
  expect(calls('ReceiveMessage').map(({ body }) => body.WaitTimeSeconds)).toEqual([1]);
});

test('a batch is filled by many calls side by side, and each message has what a row needs', async () => {
  const before = Date.now();
  const ids = await send(230);
  const peak = peakConcurrency(sqs.proxy, 'ReceiveMessage');
  const messages = await receive();
  expect(messages.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
  expect(messages.map(({ body }) => Number.parseInt(body, 10)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 230 }, (_, n) => n),
  );
  for (const { sentAtMs, bytes, receiptHandle } of messages) {
    expect(sentAtMs).toBeGreaterThanOrEqual(before - 1);
    expect(sentAtMs).toBeLessThanOrEqual(Date.now());
    expect(bytes).toBe(10 + receiptHandle.length);
  }
  expect(peak()).toBeGreaterThan(1);
  expect(peak()).toBeLessThanOrEqual(8);
});

test('a batch that waits for its turn keeps the messages of its first call, and receives no more', async () => {
  await send(100);
  const withSemaphore = async <T>(polls: () => Promise<T>) => {
    expect(await sqs.depth()).toEqual({ visible: 90, inFlight: 10 });
    return polls();
  };
  expect(await receive({}, { withSemaphore })).toHaveLength(100);
});

test('a receive never asks for more messages than the bound', async () => {
  await send(60);
  expect(await receive({ maxMessages: 25 })).toHaveLength(25);
  expect(await sqs.depth()).toEqual({ visible: 35, inFlight: 25 });
});

test('messages beyond the byte bound are visible again at once', async () => {
  await send(40, 10_000);
  const messages = await receive({ maxBytes: 50_000 });
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(50_000);
  expect(await sqs.depth()).toEqual({ visible: 40 - messages.length, inFlight: messages.length });
});

test('a batch always takes one message, however large it is', async () => {
  await send(3, 100_000);
  expect(await receive({ maxBytes: 1_024 })).toHaveLength(1);
  expect(await sqs.depth()).toEqual({ visible: 2, inFlight: 1 });
});

test('the size seen so far keeps a batch of large messages from being over-received', async () => {
  await send(40, 10_000);
  const messages = await receive({ maxBytes: 50_000, expectedMessageBytes: 10_036 });
  expect(messages).toHaveLength(4);
  expect(calls('ReceiveMessage')[0]?.body.MaxNumberOfMessages).toBe(4);
  expect(calls('ChangeMessageVisibilityBatch')).toEqual([]);
});

test('a size seen so far that is beyond the bound still asks for one message', async () => {
  await send(2);
  const messages = await receive({ maxBytes: 1_024, expectedMessageBytes: 1_000_000 });
  expect(messages.length).toBeGreaterThanOrEqual(1);
});

test('an aborted signal begins no call', async () => {
  await send(1);
  expect(await receive({}, { signal: AbortSignal.abort() })).toEqual([]);
  expect(sqs.proxy.calls).toEqual([]);
});

test('an abort in mid-batch begins no further call, and what was received is kept', async () => {
  await send(100);
  const abort = new AbortController();
  sqs.proxy.setFault(async (_call, passOn) => {
    const answer = await passOn();
    abort.abort();
    return answer;
  });
  const messages = await receive({}, { signal: abort.signal });
  expect(messages).toHaveLength(10);
  expect(calls('ReceiveMessage')).toHaveLength(1);
  expect(await sqs.depth()).toEqual({ visible: 90, inFlight: 10 });
});

test('an abort during the long poll waits for its answer: no message is stranded', async () => {
  const abort = new AbortController();
  const { promise: polling, resolve: onPoll } = Promise.withResolvers<void>();
  sqs.proxy.setFault((_call, passOn) => {
    onPoll();
    return passOn();
  });
  const batch = receive({}, { signal: abort.signal });
  await polling;
  abort.abort();
  await send(1);
  expect(await batch).toHaveLength(1);
  expect(calls('ReceiveMessage')).toHaveLength(1);
});

test('a call that fails ends the batch with the messages received so far', async () => {
  await send(100);
  let answered = 0;
  sqs.proxy.setFault((call, passOn) => {
    if (call.action !== 'ReceiveMessage') return passOn();
    answered += 1;
    return answered > 3 ? sqsError(500, 'InternalError') : passOn();
  });
  expect(await receive()).toHaveLength(30);
});

test('a first call that fails is an error', async () => {
  await sqs.client.send(new DeleteQueueCommand({ QueueUrl: sqs.queue.url }));
  await expect(receive()).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
});

test('an answer without a SentTimestamp is refused: the date of the row would be made up', async () => {
  await send(1);
  sqs.proxy.setFault(async (call, passOn) => {
    const answer = await passOn();
    for (const message of (answer.body.Messages ?? []) as { Attributes?: unknown }[]) {
      delete message.Attributes;
    }
    return call.action === 'ReceiveMessage' ? answer : passOn();
  });
  await expect(receive()).rejects.toMatchObject({ name: 'MalformedSqsAnswer' });
});

test('a message that SQS does not release does not fail the batch', async () => {
  await send(10, 10_000);
  sqs.proxy.setFault((call, passOn) =>
    call.action === 'ReceiveMessage' ? passOn() : sqsError(500, 'InternalError'),
  );
  expect(await receive({ maxBytes: 50_000 })).toHaveLength(4);
});

test('a visibility timeout of our own goes with each call, and counts instead of the queue’s', async () => {
  await send(1);
  const queue = { ...sqs.proxied, visibilityTimeoutSeconds: 1 };
  const {
    messages: [first],
  } = await receiveBatch(queue, PLENTY);
  await expect
    .poll(() => receiveBatch(queue, PLENTY), { timeout: 10_000 })
    .toMatchObject({ messages: [{ messageId: first?.messageId }] });
});

test('a message larger than the bound stays on the queue, and is reported', async () => {
  await send(1, 5_000);
  expect(await receiveAll({ maxBytes: 1_000, anySize: false })).toEqual({
    messages: [],
    released: 1,
    full: true,
  });
  expect(await sqs.depth()).toEqual({ visible: 1, inFlight: 0 });
  expect(await receiveAll({ maxBytes: 1_000, anySize: true })).toMatchObject({
    messages: [{}],
    released: 0,
  });
});

test.each([
  ['by count', { maxMessages: 20 }, true],
  ['by bytes', { maxBytes: 300 }, true],
  ['when the queue is empty', {}, false],
])('a batch that ends %s says whether it was full', async (_, bounds, full) => {
  await send(30);
  expect((await receiveAll(bounds)).full).toBe(full);
});

test('once a queue is known to have many messages, as many calls are in flight as the limit says', async () => {
  const ids = await send(1_500);
  const peak = peakConcurrency(sqs.proxy, 'ReceiveMessage', 40);
  const inFlight = new CallsInFlight({ first: 40, most: 40 });
  const messages = await receive({ maxMessages: 2_000 }, { calls: inFlight });
  expect(peak()).toBe(40);
  expect(messages.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
});

test('a short queue gets no more calls when a long one has raised the limit', async () => {
  const callsFor = async (messages: number) => {
    await send(messages);
    sqs.proxy.forget();
    const inFlight = new CallsInFlight();
    inFlight.limit = MOST_CALLS;
    await receive({}, { calls: inFlight });
    return calls('ReceiveMessage').length;
  };
  // The long poll, the first calls, and the next one of each that brought ten messages.
  expect(await callsFor(100)).toBeLessThanOrEqual(1 + FIRST_CALLS + 9);
  expect(await callsFor(0)).toBe(1);
});

test('throttled calls lower the limit, and the batch goes on', async () => {
  await send(200);
  const inFlight = new CallsInFlight();
  let refused = 0;
  sqs.proxy.setFault((call, passOn) => {
    if (call.body.WaitTimeSeconds !== 0 || refused >= 3) return passOn();
    refused += 1;
    return sqsError(400, 'RequestThrottled');
  });
  expect(await receive({}, { calls: inFlight })).toHaveLength(200);
  expect(inFlight.limit).toBeLessThan(FIRST_CALLS);
});
