import { expect, test } from 'vitest';
import { parseSnapshot } from '../../../src/api/cache/pg-snapshot.ts';
import { type Scope, TouchedSlots } from '../../../src/api/cache/touched-slots.ts';

const DAY = '2026-11-27';
const change = (xid: number, users: number[] | null, days: string[] | null = [DAY]) => ({
  ...{ xid, days, users, devices: null, ips: null, purge: false },
});
const ofUser = (users: number): Scope => ({ days: ['2026-09-01', '2026-11-30'], users });
const DAYS: Scope = { days: ['2026-09-01', '2026-11-30'] };

/** Which of these scopes are right when read from a snapshot. */
function right(touched: TouchedSlots, text: string, ...scopes: Scope[]): boolean[] {
  const snapshot = parseSnapshot(text);
  return scopes.map((scope) => touched.isRight(scope, snapshot));
}

test('an answer is valid until a transaction outside its snapshot changes what it covers', () => {
  const touched = new TouchedSlots(0);
  expect(right(touched, '10:10:', ofUser(1), DAYS)).toEqual([true, true]);
  touched.record(change(10, [1]));
  expect(right(touched, '10:10:', ofUser(1), ofUser(2), DAYS)).toEqual([false, true, false]);
  expect(right(touched, '11:11:', ofUser(1), DAYS)).toEqual([true, true]);
  const earlier: Scope = { days: ['2026-08-01', '2026-08-31'], users: 1 };
  expect(right(touched, '10:10:', earlier)).toEqual([true]);
});

test('a transaction that was open when the answer was read invalidates it, even if later ones committed first', () => {
  const touched = new TouchedSlots(0);
  touched.record(change(12, [1]));
  expect(right(touched, '10:13:10', ofUser(1))).toEqual([true]);
  touched.record(change(10, [1]));
  expect(right(touched, '10:13:10', ofUser(1), ofUser(2))).toEqual([false, true]);
  expect(right(touched, '13:13:', ofUser(1))).toEqual([true]);
});

test('a long transaction that changes no logins invalidates nothing', () => {
  const touched = new TouchedSlots(0);
  touched.record(change(12, [1]));
  expect(right(touched, '5:13:5', ofUser(1))).toEqual([true]);
  touched.record(change(20, [1]));
  expect(right(touched, '5:13:5', ofUser(1))).toEqual([false]);
  expect(right(touched, '5:21:5', ofUser(1))).toEqual([true]);
});

test('a change without slots or days invalidates every answer', () => {
  const touched = new TouchedSlots(0);
  touched.record(change(10, null));
  const october: Scope = { days: ['2026-10-01', '2026-10-31'], users: 1 };
  expect(right(touched, '10:10:', ofUser(1), october)).toEqual([false, true]);
  touched.record(change(11, null, null));
  expect(right(touched, '11:11:', october)).toEqual([false]);
});

test('after a purge, or a change of partitions, only answers that see all transactions up to it are right', () => {
  const touched = new TouchedSlots(9);
  expect(right(touched, '9:12:9', ofUser(1))).toEqual([false]);
  expect(right(touched, '10:12:10', ofUser(1), 'sums')).toEqual([true, true]);
  touched.record({ ...change(11, null, []), purge: true });
  expect(right(touched, '10:12:10', ofUser(1), 'sums')).toEqual([false, false]);
  expect(right(touched, '12:12:', ofUser(1), 'sums')).toEqual([true, true]);
});

test('an answer from the sums is valid until the sums are updated', () => {
  const touched = new TouchedSlots(0);
  touched.record(change(12, [1]));
  expect(right(touched, '10:10:', 'sums')).toEqual([true]);
  touched.summedUp(13);
  expect(right(touched, '10:14:13', 'sums')).toEqual([false]);
  expect(right(touched, '14:14:', 'sums')).toEqual([true]);
});
