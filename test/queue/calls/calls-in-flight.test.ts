import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  CallsInFlight,
  FIRST_CALLS,
  MOST_CALLS,
} from '../../../src/queue/calls/calls-in-flight.ts';
import { inLoops } from '../../../src/queue/calls/in-loops.ts';
import { sqsError } from '../../../src/queue/fast-client-errors.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A queue with this way to it that works on one call after the other. */
function queueAt(networkMs: number, workMs: number) {
  let freeAtMs = 0;
  return async () => {
    freeAtMs = Math.max(freeAtMs, performance.now() + networkMs) + workMs;
    await after(freeAtMs - performance.now());
  };
}

/** @returns the time that it took */
async function make(count: number, calls: CallsInFlight, call: () => Promise<void>) {
  const begunAtMs = performance.now();
  let left = count;
  const done = inLoops(
    () => calls.limit,
    () => (left-- > 0 ? calls.call(call).then(() => true) : undefined),
  );
  await Promise.all([done, vi.runAllTimersAsync()]);
  return performance.now() - begunAtMs;
}

const constant = () => new CallsInFlight({ first: FIRST_CALLS, most: FIRST_CALLS });

test('over a network the limit grows until the queue is busy, and the calls are done sooner', async () => {
  const calls = new CallsInFlight();
  const took = await make(4_000, calls, queueAt(30, 1));
  expect(calls.limit).toBeGreaterThan(30);
  expect(calls.limit).toBeLessThan(MOST_CALLS);
  expect(took).toBeLessThan(0.65 * (await make(4_000, constant(), queueAt(30, 1))));
});

test('a queue that is near and busy gets no more calls than at first', async () => {
  const calls = new CallsInFlight();
  await make(2_000, calls, queueAt(0, 1));
  expect(calls.limit).toBe(FIRST_CALLS);
});

test('the limit has a bound, and falls when a queue that was quick becomes busy', async () => {
  const calls = new CallsInFlight();
  await make(5_000, calls, () => after(200).then(() => undefined));
  expect(calls.limit).toBe(MOST_CALLS);
  await make(5_000, calls, queueAt(200, 20));
  expect(calls.limit).toBeLessThan(MOST_CALLS / 2);
});

test('few calls at once say nothing, and the limit stays', async () => {
  const calls = new CallsInFlight();
  for (let n = 0; n < 100; n += 1) await make(1, calls, queueAt(30, 1));
  expect(calls.limit).toBe(FIRST_CALLS);
});

test.each([
  ['throttled by an error that is not repeated', 'OverLimit', 403],
  ['throttled again and again', 'RequestThrottled', 400],
])('calls that are %s halve the limit, and it grows again later', async (_, name, status) => {
  const calls = new CallsInFlight();
  const refused = () =>
    calls.call(async () => {
      await after(10);
      throw sqsError(status, {}, JSON.stringify({ __type: `com.amazonaws.sqs#${name}` }));
    });
  const round = Promise.allSettled(Array.from({ length: FIRST_CALLS }, refused));
  await Promise.all([round, vi.runAllTimersAsync()]);
  expect(calls.limit).toBeLessThanOrEqual(FIRST_CALLS / 2);
  expect(calls.limit).toBeGreaterThanOrEqual(1);
  await make(500, calls, queueAt(0, 1));
  expect(calls.limit).toBe(FIRST_CALLS);
});

test('a call that was throttled and then answered halves the limit, too', async () => {
  const calls = new CallsInFlight();
  await calls.call(async (onThrottled) => onThrottled());
  expect(calls.limit).toBe(FIRST_CALLS / 2);
});

test('other failures leave the limit as it is', async () => {
  const calls = new CallsInFlight();
  await expect(calls.call(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(calls.limit).toBe(FIRST_CALLS);
});
