import { expect, test } from 'vitest';
import { createDate } from '../../../src/domain/login/create-date.ts';

test('the date is that of UTC, to the millisecond', () => {
  const midnight = Date.UTC(2026, 10, 23);
  expect(createDate(midnight - 1)).toBe('2026-11-22');
  expect(createDate(midnight)).toBe('2026-11-23');
});

test('the date does not depend on where the worker runs', () => {
  const zone = process.env.TZ;
  const lateEvening = Date.UTC(2026, 11, 31, 23, 30);
  try {
    for (const TZ of ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC']) {
      process.env.TZ = TZ;
      expect(createDate(lateEvening)).toBe('2026-12-31');
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});
