import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inBatchesOfTen } from '../../../src/queue/calls/in-batches-of-ten.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

test('every item is in one ten, and the answers keep the order of the tens', async () => {
  const answers = await inBatchesOfTen(numbers(95), async (ten) => {
    // The first ones answer last.
    for (let turn = 0; turn < 95 - (ten[0] ?? 0); turn += 1) await later();
    return ten;
  });
  expect(answers.map((ten) => ten.length)).toEqual([...Array(9).fill(10), 5]);
  expect(answers.flat()).toEqual(numbers(95));
});

test('no more calls at once than were asked for', async () => {
  let running = 0;
  let peak = 0;
  await inBatchesOfTen(
    numbers(200),
    async () => {
      running += 1;
      peak = Math.max(peak, running);
      await later();
      running -= 1;
    },
    () => 3,
  );
  expect(peak).toBe(3);
});

test('an empty list makes no call', async () => {
  expect(await inBatchesOfTen([], () => Promise.reject(new Error('called')))).toEqual([]);
});
