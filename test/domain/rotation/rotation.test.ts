import { expect, test } from 'vitest';
import {
  afterCheck,
  afterRemask,
  afterRemove,
  afterRemoveDataKeys,
  afterSetAside,
  afterWait,
  afterWriters,
  beginRotation,
  describeRotation,
  type OldKeyWriters,
  type RotationState,
} from '../../../src/domain/rotation/rotation.ts';

const MAX_PASSES = 3;
const NOTHING = { remasked: 0, unrecoverable: 0, unreadable: 0 };
const PLACE = { createDate: '2026-11-22', messageId: 'm' };

/** A whole rotation of one step a phase. @returns its phases, and its end */
function rotate(
  remaskedInPass: (pass: number) => number,
  writers?: (step: number) => Partial<OldKeyWriters>,
): [string[], RotationState] {
  let state = beginRotation('new', writers !== undefined);
  let asked = 0;
  const found = () => ({ workers: [], runs: [], lastSeenMs: 0, ...writers?.(++asked) });
  const phases: string[] = [];
  while (state.phase !== 'done') {
    phases.push(state.phase);
    state = next(state, remaskedInPass, found);
  }
  return [phases, state];
}

function next(
  state: RotationState,
  remaskedInPass: (pass: number) => number,
  found: () => OldKeyWriters,
): RotationState {
  switch (state.phase) {
    case 're-masking rows':
      return afterRemask(state, { ...NOTHING, remasked: remaskedInPass(state.pass) });
    case 'setting originals aside':
      return afterSetAside(state, { setAside: 1 });
    case 'removing originals':
      return afterRemove(state, { removed: 0 }, MAX_PASSES);
    case 'waiting for workers with an old key':
      return state.waitsForWriters ? afterWriters(state, found()) : afterWait(state);
    case 'checking that no old key is in use':
      return afterCheck(state, found(), MAX_PASSES);
    default:
      return afterRemoveDataKeys(state, { removed: 1 });
  }
}

test('originals are removed only after a pass that began when they had been set aside', () => {
  const [phases, end] = rotate((pass) => (pass === 1 ? 10 : 0));
  expect(phases).toEqual([
    're-masking rows',
    'setting originals aside',
    're-masking rows',
    'removing originals',
    'removing data keys',
  ]);
  expect(end).toMatchObject({ pass: 2, oldKeyInUse: false, counts: { remasked: 10, steps: 5 } });
});

test('also with nothing to do in the first pass', () => {
  const [phases] = rotate(() => 0);
  expect(phases.slice(0, 3)).toEqual([
    're-masking rows',
    'setting originals aside',
    're-masking rows',
  ]);
});

test('rows that come with an old key make it wait and go round once more', () => {
  const [phases, end] = rotate((pass) => (pass <= 2 ? 5 : 0));
  expect(phases.slice(3, 7)).toEqual([
    'removing originals',
    'waiting for workers with an old key',
    'setting originals aside',
    're-masking rows',
  ]);
  expect(end).toMatchObject({ pass: 3, oldKeyInUse: false });
});

test('the number of passes is bounded', () => {
  const [, end] = rotate(() => 1);
  expect(end).toMatchObject({ pass: MAX_PASSES, oldKeyInUse: true, counts: { remasked: 3 } });
});

test('it waits for workers with another key and for what they masked, before a pass and after it', () => {
  const writers = (asked: number) =>
    asked === 1
      ? { workers: ['1@a'], lastSeenMs: 5 }
      : asked === 2
        ? { runs: ['r'], lastSeenMs: 5 }
        : { lastSeenMs: 5 };
  expect(rotate(() => 0, writers)[0]).toEqual([
    're-masking rows',
    ...Array(3).fill('waiting for workers with an old key'),
    'setting originals aside',
    're-masking rows',
    'removing originals',
    'checking that no old key is in use',
    'removing data keys',
  ]);
});

test.each([{ lastSeenMs: 6 }, { lastSeenMs: 5, workers: ['1@a'] }])(
  'a pass during which a worker with another key was alive counts for nothing: %j',
  (after) => {
    const [phases, end] = rotate(
      () => 0,
      (asked) => (asked === 2 ? after : { lastSeenMs: asked < 3 ? 5 : 6 }),
    );
    expect(phases.slice(5, 9)).toEqual([
      'checking that no old key is in use',
      'waiting for workers with an old key',
      'setting originals aside',
      're-masking rows',
    ]);
    expect(end).toMatchObject({ pass: 3, oldKeyInUse: false });
  },
);

test('each phase goes on from where its last step ended, and the next pass from the beginning', () => {
  const first = afterRemask(beginRotation('new'), { ...NOTHING, unrecoverable: 2, next: PLACE });
  expect(first).toMatchObject({ phase: 're-masking rows', row: PLACE });
  const pass = afterRemask(first, { ...NOTHING, unrecoverable: 1 });
  expect(pass).toMatchObject({ phase: 'setting originals aside', counts: { unrecoverable: 3 } });
  expect(pass.row).toBeUndefined();
  const place = { maskedHex: 'ab', field: 'ip' } as const;
  const aside = afterSetAside(pass, { setAside: 5, next: place });
  expect(aside).toMatchObject({ phase: 'setting originals aside', original: place, pass: 1 });
  const second = afterSetAside(aside, { setAside: 1 });
  // Rows that keep their key are met again: they are not counted twice.
  expect(second).toMatchObject({ phase: 're-masking rows', pass: 2, counts: { unrecoverable: 0 } });
  expect(second.original).toBeUndefined();
  const removing = afterRemove(afterRemask(second, NOTHING), { removed: 7 }, MAX_PASSES);
  expect(removing).toMatchObject({ phase: 'removing originals', counts: { originalsRemoved: 7 } });
});

test('its state survives JSON, as in a run that continues as new', () => {
  const state = afterRemask(beginRotation('new'), { ...NOTHING, next: PLACE });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});

test('its line holds counts and the name of the phase', () => {
  expect(describeRotation(beginRotation('new'))).toBe(
    '0 rows re-masked, 0 unrecoverable, 0 unreadable, 0 originals removed; pass 1: re-masking rows',
  );
});

test('adopted rows are counted in the latest pass only, also in a rotation that an older build began', () => {
  const { adopted: _, ...counts } = beginRotation('new').counts;
  const older: RotationState = { ...beginRotation('new'), counts };
  const seen = afterRemask(older, { ...NOTHING, adopted: 4 });
  expect(seen.counts.adopted).toBe(4);
  expect(afterSetAside(seen, { setAside: 0 }).counts.adopted).toBe(0);
});
