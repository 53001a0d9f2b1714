import { describe, expect, test } from 'vitest';
import {
  closedAt,
  type MonthFacts,
  monthsDue,
  whatDetaches,
} from '../../../src/domain/tables/retention.ts';

const MONTHS = ['2025-01', '2025-02', '2025-12', '2026-01'];
const due = (loginMonths: number | undefined, now: string) =>
  monthsDue(MONTHS, { loginMonths, detachedDays: 30 }, new Date(now));

describe('a month is due', () => {
  test('when so many complete months have followed it', () => {
    expect(due(13, '2026-02-28T23:59:59Z')).toEqual([]);
    expect(due(13, '2026-03-01T00:00:00Z')).toEqual(['2025-01']);
    expect(due(12, '2026-03-01T00:00:00Z')).toEqual(['2025-01', '2025-02']);
  });

  test('never while the queue may still have its messages, 15 days after its end', () => {
    expect(closedAt('2025-12')).toEqual(new Date('2026-01-16T00:00:00Z'));
    expect(due(0, '2026-01-15T23:59:59Z')).toEqual(['2025-01', '2025-02']);
    expect(due(0, '2026-01-16T00:00:00Z')).toEqual(['2025-01', '2025-02', '2025-12']);
  });

  test('never if the setting is not set', () => {
    expect(due(undefined, '2099-01-01T00:00:00Z')).toEqual([]);
  });
});

const FACTS: MonthFacts = {
  lastInsertedAt: new Date('2025-02-03T00:00:00Z'),
  openRuns: [],
  changedBatches: 0,
  unknownRuns: 0,
  lastRemaskedAt: null,
};
const BACKUPS = [
  { label: 'before', startedAt: new Date('2025-02-01T00:00:00Z') },
  { label: 'after', startedAt: new Date('2025-02-03T00:00:01Z') },
];
const decide = (facts: Partial<MonthFacts>, backups = BACKUPS) =>
  whatDetaches('2025-01', { ...FACTS, ...facts }, backups);

describe('a month that is due is detached', () => {
  test('with a backup that began after its last row', () => {
    expect(decide({})).toEqual({ backup: 'after' });
    expect(decide({ lastInsertedAt: null }, BACKUPS.slice(1))).toEqual({ backup: 'after' });
  });

  test.each<[string, Partial<MonthFacts>, string]>([
    [
      'its last row came after every backup',
      { lastInsertedAt: new Date('2025-02-04') },
      'no backup since 2025-02-04',
    ],
    [
      'rows were re-masked since',
      { lastRemaskedAt: new Date('2025-03-01') },
      'no backup since 2025-03-01',
    ],
    ['a run may still store its messages', { openRuns: ['ingest-1'] }, 'ingest-1 is open'],
    ['a batch has lost rows', { changedBatches: 2 }, '2 batch(es) have lost'],
    ['a run is not in the ledger', { unknownRuns: 1 }, '1 run(s) are not in the ledger'],
  ])('but not when %s', (_, facts, why) => {
    expect(decide(facts)).toEqual({ waitsFor: expect.stringContaining(why) });
  });

  test('but not without any backup', () => {
    expect(decide({}, [])).toEqual({ waitsFor: 'no backup since 2025-02-03T00:00Z is recorded' });
  });
});
