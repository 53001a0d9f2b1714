import { expect, test } from 'vitest';
import {
  historyBytesOf,
  MAX_HISTORY_BYTES,
  type StoredParts,
} from '../../src/batch/byte-limits.ts';
import { HistoryBudget, MAX_HISTORY_EVENTS } from '../../src/batch/history-budget.ts';
import { INGEST_SETTINGS } from '../../src/domain/ingest-input.ts';

const MIB = 1024 * 1024;
const FRESH = { events: 5, bytes: 1_000 };
const LANES = INGEST_SETTINGS.lanes.default;
const lanesUpTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A batch of `bytes` in bodies alone, that don't compress. */
const incompressible = (bytes: number): StoredParts => ({
  count: 1,
  ids: new Uint8Array(0),
  bodies: new Uint8Array(bytes),
  receiptHandles: new Uint8Array(0),
});

test('the bounds stay below the 5,000 events and 10 MiB that a history may have', () => {
  expect(MAX_HISTORY_EVENTS).toBeLessThan(5_000);
  expect(MAX_HISTORY_BYTES).toBeLessThan(10 * MIB);
});

test('a fresh run has room for the default lanes with a MiB each, of messages of any size', () => {
  const budget = new HistoryBudget(LANES);
  for (const lane of lanesUpTo(LANES)) {
    const reservation = budget.reserve(lane, FRESH, INGEST_SETTINGS.maxBatchBytes.default);
    expect(reservation).toMatchObject({ maxBytes: MIB, anySize: true });
  }
});

test.each([1, 2, 3, 8, INGEST_SETTINGS.lanes.max])(
  'with %i lanes the first one of a fresh run can take a message of any size: it makes progress',
  (lanes) => {
    expect(new HistoryBudget(lanes).reserve(1, FRESH, 1_024)?.anySize).toBe(true);
  },
);

test.each([1, 3, 8, INGEST_SETTINGS.lanes.max])(
  'with %i lanes no history gets over its bounds, if nothing compresses and each batch is as large as it may be',
  (lanes) => {
    expectWithinBounds(lanes, false);
    expectWithinBounds(lanes, true);
  },
);

function expectWithinBounds(lanes: number, byReference: boolean): void {
  const budget = new HistoryBudget(lanes);
  let used = FRESH;
  let working = lanesUpTo(lanes);
  while (working.length > 0) {
    const batches = working.map((lane) => ({
      lane,
      reservation: budget.reserve(lane, used, INGEST_SETTINGS.maxBatchBytes.max, byReference),
    }));
    working = [];
    for (const { lane, reservation } of batches) {
      if (!reservation) continue;
      const batch = incompressible(
        Math.floor((reservation.maxHistoryBytes - 200) / (byReference ? 2 : 4)),
      );
      const written = historyBytesOf(batch, byReference);
      reservation.received(batch);
      reservation.release(written, batch.bodies.length);
      used = { events: used.events + 24, bytes: used.bytes + written + 5_000 };
      working.push(lane);
    }
  }
  expect(used.bytes).toBeGreaterThan(MAX_HISTORY_BYTES / 2);
  expect(used.bytes).toBeLessThanOrEqual(MAX_HISTORY_BYTES + FRESH.bytes);
  expect(used.events).toBeLessThanOrEqual(MAX_HISTORY_EVENTS);
}

test('there is no room once the history itself is full, of bytes or of events', () => {
  const budget = new HistoryBudget(LANES);
  const full = { events: 5, bytes: MAX_HISTORY_BYTES - 40_000 };
  expect(budget.reserve(1, full, MIB)).toBeUndefined();
  expect(budget.reserve(1, { events: MAX_HISTORY_EVENTS - 1, bytes: 0 }, 1_024)).toBeUndefined();
});

test('when a lane has used up its quota, the others continue with theirs', () => {
  const budget = new HistoryBudget(2);
  const used = { events: 30, bytes: MAX_HISTORY_BYTES / 2 };
  budget.reserve(1, FRESH, MIB)?.release(MAX_HISTORY_BYTES / 2, MIB);
  expect(budget.reserve(1, used, MIB)).toBeUndefined();
  expect(budget.reserve(2, used, MIB)).toBeDefined();
});

test('batches that compress well are followed by larger ones, and by careful ones where they do not', () => {
  const budget = new HistoryBudget(1);
  const nearlyFull = { events: 50, bytes: MAX_HISTORY_BYTES - MIB };
  const sizeAfter = (writtenBytes: number) => {
    budget.reserve(1, FRESH, MIB)?.release(writtenBytes, MIB);
    const reservation = budget.reserve(1, nearlyFull, MIB);
    reservation?.release(0, 0);
    return reservation?.maxBytes ?? 0;
  };
  const [well, badly] = [sizeAfter(MIB), sizeAfter(3 * MIB)];
  expect(well).toBeGreaterThan(2 * badly);
  expect(badly).toBeLessThanOrEqual(MIB / 3);
});

test('the received bytes limit the next batch before the batch is stored', () => {
  const budget = new HistoryBudget(LANES);
  const sizeByReference = () => {
    const reservation = budget.reserve(2, FRESH, INGEST_SETTINGS.maxBatchBytes.max, true);
    reservation?.release(0, 0);
    return reservation?.maxBytes ?? 0;
  };
  const unknown = sizeByReference();
  budget.learn({ ...incompressible(50_000), bytes: 300_000 });
  expect(sizeByReference()).toBeGreaterThan(1.4 * unknown);
});

test('many lanes of tiny batches are bounded by events', () => {
  const lanes = 32;
  const budget = new HistoryBudget(lanes);
  const fitting = lanesUpTo(lanes).filter((lane) =>
    budget.reserve(lane, { events: 4_000, bytes: 0 }, 1_024),
  ).length;
  expect(fitting).toBeGreaterThan(0);
  expect(4_000 + fitting * 24).toBeLessThanOrEqual(MAX_HISTORY_EVENTS);
});

test('by reference a lane takes as few batches as fit, of even size: none of them is a small rest', () => {
  const budget = new HistoryBudget(LANES);
  const { default: most } = INGEST_SETTINGS.maxBatchBytes;
  const sizes: number[] = [];
  // Told once that a byte takes 0.85 in the history.
  budget.reserve(2, FRESH, most, true)?.release(850, 1_000);
  for (let used = FRESH; ; ) {
    const reservation = budget.reserve(1, used, most, true);
    if (!reservation) break;
    const written = Math.floor(reservation.maxBytes * 0.85);
    sizes.push(reservation.maxBytes);
    reservation.release(written, reservation.maxBytes);
    used = { events: used.events + 24, bytes: used.bytes + written + 5_000 };
  }
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.min(...sizes)).toBeGreaterThan(0.75 * Math.max(...sizes));
  const written = sizes.reduce((sum, size) => sum + size * 0.85, 0);
  expect(written).toBeGreaterThan(0.8 * (MAX_HISTORY_BYTES / LANES));
});

test('by reference a run has room for twice as much', () => {
  const once = { ...incompressible(1_000), ids: new Uint8Array(100), count: 3 };
  expect(historyBytesOf(once, true) * 2).toBe(historyBytesOf(once, false));
});
