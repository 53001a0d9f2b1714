import { expect, test } from 'vitest';
import { SingleWorker } from '../../src/batch/single-worker.ts';

function after(steps: readonly (string | undefined)[], carried?: string): string | undefined {
  const holder = new SingleWorker(carried);
  for (const step of steps) holder.saw(step);
  return holder.name;
}

const times = (count: number, name: string | undefined) =>
  Array.from({ length: count }, () => name);

test('before any step nobody is known to hold parts', () => {
  expect(after([])).toBeUndefined();
});

test('one step shows which worker holds the parts, and a continued run knows it from the start', () => {
  expect(after(['a'])).toBe('a');
  expect(after([], 'a')).toBe('a');
});

test('steps of two workers mean that neither holds all', () => {
  expect(after(['a', 'b'])).toBeUndefined();
  expect(after(['a', 'b', 'a', 'b', 'a'])).toBeUndefined();
  expect(after(['b'], 'a')).toBeUndefined();
});

test('after many steps in a row by one worker, parts are referenced again', () => {
  expect(after(['a', ...times(16, 'b')])).toBeUndefined();
  expect(after(['a', ...times(17, 'b')])).toBe('b');
  expect(after(['a', ...times(10, 'b'), 'a', ...times(10, 'b')])).toBeUndefined();
});

test('a run that continues one with several workers does not start with references', () => {
  const holder = new SingleWorker();
  for (const step of ['a', 'b']) holder.saw(step);
  expect(after(['a'], holder.carry())).toBeUndefined();
  expect(after(times(17, 'a'), holder.carry())).toBe('a');
  expect(after(['a'], after(['a']))).toBe('a');
});

test('results of builds that do not say who did a step are taken as of several', () => {
  expect(after(times(100, undefined))).toBeUndefined();
  expect(after([...times(3, 'a'), undefined, 'a'])).toBeUndefined();
});
