import { expect, test } from 'vitest';
import { OldestMessage } from '../../src/telemetry/sources/oldest-message.ts';

const SECOND = 1_000;

test('an empty queue has no oldest message; from then on the clock runs', () => {
  const oldest = new OldestMessage();
  expect(oldest.ageSeconds(0, 100 * SECOND)).toBe(0);
  expect(oldest.ageSeconds(5, 130 * SECOND)).toBe(30);
  expect(oldest.ageSeconds(0, 140 * SECOND)).toBe(0);
});

test('a worker that starts into a backlog knows only how long it has seen it', () => {
  const oldest = new OldestMessage();
  expect(oldest.ageSeconds(5, 100 * SECOND)).toBe(0);
  expect(oldest.ageSeconds(5, 160 * SECOND)).toBe(60);
});

test('a batch tells how old what waits is, older or younger than was thought', () => {
  const oldest = new OldestMessage();
  oldest.seenEmpty(1_000 * SECOND);
  oldest.received(400 * SECOND);
  expect(oldest.ageSeconds(5, 1_000 * SECOND)).toBe(600);
  oldest.received(990 * SECOND);
  expect(oldest.ageSeconds(5, 1_000 * SECOND)).toBe(10);
});

test('clocks that differ do not make a negative age', () => {
  const oldest = new OldestMessage();
  oldest.received(2_000 * SECOND);
  expect(oldest.ageSeconds(1, 1_000 * SECOND)).toBe(0);
});
