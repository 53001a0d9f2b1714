import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { fairSemaphore } from '../../../src/activities/ingest/fair-semaphore.ts';

const NEVER_TOO_LONG_MS = 60_000;

/** Work that says when it begins, and is done when it is told to. */
function work(name: string, log: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const act = () => {
    log.push(name);
    return promise;
  };
  return { act, done: () => resolve(name), fail: () => reject(new Error(`${name} failed`)) };
}

test('steps run one after the other, in the order of the requests', async () => {
  const turn = fairSemaphore(NEVER_TOO_LONG_MS);
  const log: string[] = [];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => work(name, log));
  const results = [a, b, c].map((one) => turn(one?.act as () => Promise<string>));
  b?.done();
  await delay(20);
  expect(log).toEqual(['a']);
  a?.done();
  c?.done();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a', 'b', 'c']);
});

test('a step that fails does not keep the next one from running', async () => {
  const turn = fairSemaphore(NEVER_TOO_LONG_MS);
  const failing = work('a', []);
  const first = turn(failing.act);
  const second = turn(async () => 'b');
  failing.fail();
  await expect(first).rejects.toThrow('a failed');
  expect(await second).toBe('b');
});

test('a step that fails before it waits lets the next one run, too', async () => {
  const turn = fairSemaphore(NEVER_TOO_LONG_MS);
  const first = turn(() => {
    throw new Error('at once');
  });
  await expect(first).rejects.toThrow('at once');
  expect(await turn(async () => 'b')).toBe('b');
});

test('a step that takes too long continues, and the next one starts beside it', async () => {
  const turn = fairSemaphore(10);
  const log: string[] = [];
  const slow = work('slow', log);
  const first = turn(slow.act);
  expect(await turn(async () => 'next')).toBe('next');
  slow.done();
  expect(await first).toBe('slow');
});

test('a slow step that fails later fails only its own caller', async () => {
  const turn = fairSemaphore(10);
  const slow = work('slow', []);
  const first = turn(slow.act);
  expect(await turn(async () => 'next')).toBe('next');
  slow.fail();
  await expect(first).rejects.toThrow('slow failed');
  expect(await turn(async () => 'last')).toBe('last');
});
