import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inSlices } from '../../../src/activities/ingest/in-slices.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test.each([0, 1, 32, 33, 1_000])('of %i items each is done once, in order', async (count) => {
  const done: number[] = [];
  await inSlices(numbers(count), (slice) => {
    done.push(...slice);
  });
  expect(done).toEqual(numbers(count));
});

test('other work runs between the slices', async () => {
  let turns = 0;
  let working = true;
  const other = (async () => {
    for (; working; turns += 1) await nextTurn();
  })();
  let slices = 0;
  await inSlices(numbers(1_000), () => {
    slices += 1;
  });
  working = false;
  await other;
  expect(slices).toBeGreaterThan(10);
  expect(turns).toBeGreaterThanOrEqual(slices - 1);
});

test('an error in a slice is thrown, and ends the work', async () => {
  const slices: number[] = [];
  const work = inSlices(numbers(1_000), ([first = 0]) => {
    slices.push(first);
    if (slices.length === 2) throw new Error('out of order');
  });
  await expect(work).rejects.toThrow('out of order');
  expect(slices).toHaveLength(2);
});
