import { expect, test } from 'vitest';
import { fittingShare, MAX_RESULT_BYTES, ResultSizeLimit } from '../../src/batch/byte-limits.ts';

/** Messages of 600 bytes, a handle of 400 in it, of which so much is left when they are sealed. */
const batch = (count: number, share: number) => ({
  count,
  bytes: 600 * count,
  ids: new Uint8Array(20 * count),
  bodies: new Uint8Array(Math.floor(200 * count * share)),
  receiptHandles: new Uint8Array(Math.floor(400 * count * share)),
});

test('before any batch was seen, no more is asked for than fits if nothing compresses', () => {
  expect(new ResultSizeLimit().bytes).toBe(MAX_RESULT_BYTES);
  expect(MAX_RESULT_BYTES).toBeLessThan(2 * 1024 * 1024);
});

test.each([0.3, 0.6, 1])(
  'for messages that compress to %d of their size, a receive asks for nearly as many as fit',
  (share) => {
    const room = new ResultSizeLimit();
    room.saw(batch(1_000, share));
    const next = batch(Math.floor(room.bytes / 600), share);
    expect(fittingShare(next, Number.POSITIVE_INFINITY, true)).toBeGreaterThanOrEqual(1);
    expect(fittingShare(next, Number.POSITIVE_INFINITY, true)).toBeLessThan(1 / 0.95);
  },
);

test('a few messages do not change the estimate', () => {
  const room = new ResultSizeLimit();
  room.saw(batch(10, 0.1));
  room.saw(batch(0, 1));
  expect(room.bytes).toBe(MAX_RESULT_BYTES);
});

test('batches get smaller when messages start to compress badly', () => {
  const room = new ResultSizeLimit();
  room.saw(batch(1_000, 0.5));
  const before = room.bytes;
  room.saw(batch(1_000, 1));
  expect(room.bytes).toBeLessThan(0.6 * before);
});
