import { expect, test } from 'vitest';
import {
  keyDifferences,
  liveWorkers,
  otherKeyLastSeenMs,
  workersWithOtherKey,
} from '../../../src/domain/rotation/live-workers.ts';

const worker = (identity: string, alive: boolean) => ({
  ...{ identity, alive, stopped: false, seenAtMs: 69_000, silentMs: alive ? 1_000 : 40_000 },
  ...{ build: '1', maskKeyId: 'a', payloadKeyIds: ['a'] },
});

test('a worker that reports is alive, whoever has polled', () => {
  expect(liveWorkers([worker('1@a', true), worker('2@a', false)], [])).toEqual(['1@a']);
});

test('the last polls of a worker that has fallen silent do not make it alive', () => {
  expect(liveWorkers([worker('2@a', false)], ['2@a'])).toEqual([]);
});

test('a worker restarted under the same identity is one', () => {
  expect(liveWorkers([worker('1@a', false), worker('1@a', true)], ['1@a'])).toEqual(['1@a']);
});

test('a build that does not report counts while it polls', () => {
  expect(liveWorkers([worker('1@a', true)], ['9@old'])).toEqual(['1@a', '9@old']);
});

test('live workers whose keys differ are named, and dead ones are not', () => {
  const [one, two] = [worker('1@a', true), worker('2@a', true)];
  expect(keyDifferences([one, two])).toEqual([]);
  expect(keyDifferences([one, { ...two, maskKeyId: 'b' }])).toEqual([
    'workers mask with different keys: a (1@a), b (2@a)',
  ]);
  expect(keyDifferences([one, { ...worker('2@a', false), maskKeyId: 'b' }])).toEqual([]);
  expect(keyDifferences([one, { ...two, payloadKeyIds: ['b', 'a'] }])).toEqual([
    'payload key b is active in one worker and missing in another: 1@a',
  ]);
  expect(keyDifferences([{ ...one, payloadKeyIds: ['a', 'b'] }, two])).toEqual([]);
});

test('a worker may write with its key until its steps have timed out, or it has said that it stops', () => {
  const silent = (silentMs: number, stopped = false) => ({
    ...worker('1@a', false),
    silentMs,
    stopped,
  });
  expect(workersWithOtherKey([silent(20_000)], [], 'b')).toEqual(['1@a (key a)']);
  expect(workersWithOtherKey([silent(31_000)], [], 'b')).toEqual([]);
  expect(workersWithOtherKey([silent(1_000, true)], [], 'b')).toEqual([]);
  expect(workersWithOtherKey([silent(1_000)], [], 'a')).toEqual([]);
  expect(workersWithOtherKey([], ['9@old'], 'a')).toEqual([
    '9@old (an older build, which does not report its key)',
  ]);
  expect(otherKeyLastSeenMs([silent(31_000)], 'b')).toBe(69_000);
  expect(otherKeyLastSeenMs([silent(31_000)], 'a')).toBe(0);
});
