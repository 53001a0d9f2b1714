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

test('turns are taken one after the other, in the order in which they were asked for', async () => {
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

test('a turn that fails is a failure of its own, and passes to the next', async () => {
  const turn = fairSemaphore(NEVER_TOO_LONG_MS);
  const failing = work('a', []);
  const first = turn(failing.act);
  const second = turn(async () => 'b');
  failing.fail();
  await expect(first).rejects.toThrow('a failed');
  expect(await second).toBe('b');
});

test('what fails before it waits for anything passes its turn, too', async () => {
  const turn = fairSemaphore(NEVER_TOO_LONG_MS);
  const first = turn(() => {
    throw new Error('at once');
  });
  await expect(first).rejects.toThrow('at once');
  expect(await turn(async () => 'b')).toBe('b');
});

test('a turn that takes too long goes on, and the next one begins beside it', async () => {
  const turn = fairSemaphore(10);
  const log: string[] = [];
  const slow = work('slow', log);
  const first = turn(slow.act);
  expect(await turn(async () => 'next')).toBe('next');
  slow.done();
  expect(await first).toBe('slow');
});

test('a turn that takes too long and fails later fails for nobody else', async () => {
  const turn = fairSemaphore(10);
  const slow = work('slow', []);
  const first = turn(slow.act);
  expect(await turn(async () => 'next')).toBe('next');
  slow.fail();
  await expect(first).rejects.toThrow('slow failed');
  expect(await turn(async () => 'last')).toBe('last');
});
