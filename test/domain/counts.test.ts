import { expect, test } from 'vitest';
import { addCounts, describeCounts, zeroCounts } from '../../src/domain/counts.ts';

test('counts start from zero, in an object of their own', () => {
  const counts = zeroCounts();
  addCounts(counts, { received: 5 });
  expect(Object.values(zeroCounts())).toEqual([0, 0, 0, 0, 0, 0]);
});

test('adding changes the given counts only', () => {
  const counts = zeroCounts();
  addCounts(counts, { received: 3, batches: 1 });
  addCounts(counts, { received: 2, inserted: 4, duplicates: 1, quarantined: 0, acknowledged: 5 });
  expect(counts).toEqual({
    received: 5,
    inserted: 4,
    duplicates: 1,
    quarantined: 0,
    acknowledged: 5,
    batches: 1,
  });
});

test('the line for people has every count of messages, by name', () => {
  const counts = {
    received: 6,
    inserted: 3,
    duplicates: 2,
    quarantined: 1,
    acknowledged: 5,
    batches: 9,
  };
  expect(describeCounts(counts)).toBe(
    '6 received, 3 inserted, 2 duplicates, 1 quarantined, 5 acknowledged',
  );
});
