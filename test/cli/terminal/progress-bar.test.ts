import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProgress } from '../../../src/cli/terminal/progress-bar.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A terminal, and what has been written to it. */
function terminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = Object.assign(new PassThrough(), {
    ...{ isTTY, columns: 80, rows: 24 },
    ...{ cursorTo: () => true, moveCursor: () => true, clearLine: () => true },
  });
  stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    text: () => stripVTControlCharacters(written.join('')),
  };
}

test('a bar appears after a second, follows the total and shows no control character of a value', () => {
  const { stream, text } = terminal(true);
  const progress = startProgress('{value} of {total}{note}', 10, {}, stream);
  progress.update(3, { note: '' });
  vi.advanceTimersByTime(999);
  expect(text()).toBe('');
  progress.update(4, { note: '' }, 20);
  vi.advanceTimersByTime(500);
  expect(text()).toContain('4 of 20');
  progress.update(5, { note: ' x\u001b[31m' });
  vi.advanceTimersByTime(500);
  expect(text()).toContain('5 of 20 x');
  expect(text()).toMatch(/u\{?001b/i);
  progress.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  ['quick work', true],
  ['a pipe or a file', false],
])('%s gets no progress bar', (_, isTTY) => {
  const { stream, text } = terminal(isTTY);
  const progress = startProgress('{value}', 10, {}, stream);
  progress.update(3, {});
  progress.stop();
  vi.advanceTimersByTime(5_000);
  expect(text()).toBe('');
});
