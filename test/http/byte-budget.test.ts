import { expect, test } from 'vitest';
import { ByteBudget } from '../../src/http/byte-budget.ts';

const PATIENT_MS = 10_000;

test('requests hold no more than the budget at once, and the others wait in order', async () => {
  const budget = new ByteBudget(3, PATIENT_MS);
  let held = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    [2, 1, 3, 1, 2].map(async (bytes, index) => {
      const reservation = await budget.reserve(bytes);
      order.push(index);
      held += bytes;
      most = Math.max(most, held);
      await new Promise((resolve) => setImmediate(resolve));
      held -= bytes;
      reservation.release();
    }),
  );
  expect(most).toBe(3);
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test('a request that waits too long is refused, and later ones continue', async () => {
  const budget = new ByteBudget(2, 1);
  const first = await budget.reserve(1);
  await expect(budget.reserve(2)).rejects.toMatchObject({
    status: 503,
    headers: { 'retry-after': '2' },
  });
  (await budget.reserve(1)).release();
  first.release();
  (await budget.reserve(2)).release();
});

test('releasing twice counts once', async () => {
  const budget = new ByteBudget(2, 1);
  const first = await budget.reserve(2);
  first.shrinkTo(1);
  first.shrinkTo(2);
  await expect(budget.reserve(2)).rejects.toMatchObject({ status: 503 });
  first.release();
  first.release();
  (await budget.reserve(2)).release();
  await expect(budget.reserve(3)).rejects.toMatchObject({ status: 503 });
});
