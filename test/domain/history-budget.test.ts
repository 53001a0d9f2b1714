import { expect, test } from 'vitest';
import {
  HistoryBudget,
  MAX_HISTORY_BYTES,
  MAX_HISTORY_EVENTS,
} from '../../src/domain/history-budget.ts';
import { INGEST_SETTINGS } from '../../src/domain/ingest-input.ts';

const MIB = 1024 * 1024;
const FRESH = { events: 5, bytes: 1_000 };

test('the bounds stay below the 5,000 events and 10 MiB that a history may have', () => {
  expect(MAX_HISTORY_EVENTS).toBeLessThan(5_000);
  expect(MAX_HISTORY_BYTES).toBeLessThan(10 * MIB);
});

test('a fresh run has room for the default lanes with the largest default batches', () => {
  const budget = new HistoryBudget();
  for (let lane = 0; lane < INGEST_SETTINGS.lanes.default; lane += 1) {
    expect(budget.reserve(FRESH, INGEST_SETTINGS.maxBatchBytes.default)).toBeDefined();
  }
});

test('a fresh run has room for one batch, whatever the setting: it makes progress', () => {
  const budget = new HistoryBudget();
  expect(budget.reserve(FRESH, INGEST_SETTINGS.maxBatchBytes.max)).toBeDefined();
});

test('what is in hand counts: no batch is begun that the history has no room for', () => {
  const budget = new HistoryBudget();
  expect(budget.reserve(FRESH, 2 * MIB)).toBeDefined();
  expect(budget.reserve(FRESH, 2 * MIB)).toBeUndefined();
});

test('there is no room once the history itself is full, of bytes or of events', () => {
  const budget = new HistoryBudget();
  expect(budget.reserve({ events: 5, bytes: MAX_HISTORY_BYTES - MIB }, MIB)).toBeUndefined();
  expect(budget.reserve({ events: MAX_HISTORY_EVENTS - 1, bytes: 0 }, 1_024)).toBeUndefined();
});

test('a small batch gives back what it did not need once it is received', () => {
  const budget = new HistoryBudget();
  const first = budget.reserve(FRESH, 2 * MIB);
  expect(budget.reserve(FRESH, 2 * MIB)).toBeUndefined();
  first?.received(1_000);
  expect(budget.reserve(FRESH, 2 * MIB)).toBeDefined();
});

test('a batch that has been received still holds room for the rest of its way', () => {
  const budget = new HistoryBudget();
  budget.reserve(FRESH, 2 * MIB)?.received(2 * MIB);
  const left = MAX_HISTORY_BYTES - FRESH.bytes - 4 * MIB;
  expect(budget.reserve(FRESH, left / 3 + 1_000)).toBeUndefined();
  expect(budget.reserve(FRESH, left / 3 - 1_000)).toBeDefined();
});

test('a finished batch gives back all it held, of bytes and of events', () => {
  const budget = new HistoryBudget();
  for (let batch = 0; batch < 10_000; batch += 1) {
    const reservation = budget.reserve(FRESH, MIB);
    reservation?.received(MIB);
    reservation?.release();
  }
  expect(budget.reserve(FRESH, 3 * MIB)).toBeDefined();
});

test('many lanes of tiny batches are bounded by events', () => {
  const budget = new HistoryBudget();
  let lanes = 0;
  while (budget.reserve({ events: 4_000, bytes: 0 }, 1_024)) lanes += 1;
  expect(lanes).toBeGreaterThan(0);
  expect(4_000 + lanes * 24).toBeLessThanOrEqual(MAX_HISTORY_EVENTS);
});
