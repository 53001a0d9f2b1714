import { expect, test } from 'vitest';
import {
  monthsAhead,
  nextActions,
  nextDropAt,
  stateOfMonth,
  type TablesState,
} from '../../../src/domain/tables/tables-state.ts';

const NOW = new Date('2026-11-27T10:00:00Z');
const table = (month: string) => ({
  month,
  table: `user_logins_${month.replace('-', '_')}`,
  rows: 10,
  bytes: 1_000,
});

const STATE: TablesState = {
  months: ['2026-08', '2026-09', '2026-10', '2026-11', '2026-12', '2027-01', '2027-03'].map(table),
  missing: ['2027-02'],
  detached: [
    {
      ...table('2026-07'),
      table: 'user_logins_2026_07_detached',
      backup: 'nightly',
      detachedAt: new Date('2026-10-20T00:00:00Z'),
      originalsAt: null,
    },
  ],
  defaultRows: 4,
  backups: [],
  maintainedAt: NOW,
  retention: {
    at: NOW,
    policy: { loginMonths: 1, detachedDays: 30 },
    waiting: [{ month: '2026-09', for: 'no backup' }],
  },
};

test('months ahead are counted up to the first that is missing', () => {
  expect(monthsAhead(STATE, NOW)).toBe(2);
  expect(monthsAhead({ months: [] }, NOW)).toBe(0);
  expect(monthsAhead(STATE, new Date('2026-12-31T23:59:59Z'))).toBe(1);
});

test('each month is shown with its state', () => {
  const state = (month: string, now = NOW) => stateOfMonth(month, STATE, now);
  expect(state('2026-12')).toBe('ahead');
  expect(state('2026-11')).toBe('open until 2026-12-16');
  expect(state('2026-10', new Date('2026-11-20T00:00:00Z'))).toBe('kept until 2026-12-01');
  expect(state('2026-09')).toBe('due, waits: no backup');
  expect(state('2026-08')).toBe('due');
  expect(stateOfMonth('2026-08', { ...STATE, retention: null }, NOW)).toBe('kept');
});

test('the next maintenance moves, makes, detaches and drops', () => {
  expect(nextActions(STATE, NOW)).toEqual([
    'move 4 row(s) out of the default partition',
    'make user_logins_2027_02',
    'detach user_logins_2026_08, if it adds up and is in a backup',
    'keep user_logins_2026_09, unless this has changed: no backup',
    'drop user_logins_2026_07_detached',
  ]);
  expect(nextDropAt(STATE)).toEqual(new Date('2026-11-19T00:00:00Z'));
});

test('without retention nothing is detached or dropped', () => {
  const off = { at: NOW, policy: { detachedDays: 30 }, waiting: [] };
  for (const retention of [null, off]) {
    expect(nextActions({ ...STATE, retention }, NOW)).toHaveLength(2);
  }
});
