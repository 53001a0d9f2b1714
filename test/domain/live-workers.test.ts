import { expect, test } from 'vitest';
import { liveWorkers } from '../../src/domain/live-workers.ts';

const worker = (identity: string, alive: boolean) => ({
  ...{ identity, alive, build: '1', maskKeyId: 'a', payloadKeyIds: ['a'] },
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
