import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { errorLabel } from '../../src/telemetry/error-label.ts';
import { dayOfKeyId } from '../../src/telemetry/key-metrics.ts';

test.each([
  ['23505', 'sqlstate_23'],
  ['57P01', 'sqlstate_57'],
  ['EPIPE', 'network'],
  ['ECONNREFUSED', 'network'],
  ['UND_ERR_HEADERS_TIMEOUT', 'network'],
  ['AccessDenied', 'AccessDenied'],
  ['QQQQQ', 'other'],
  ['203.0.113.7', 'other'],
  ['constructor', 'other'],
])('the failure %s is counted as %s', (type, label) => {
  expect(errorLabel(ApplicationFailure.create({ type }))).toBe(label);
});

test('an unknown error is counted as other', () => {
  expect(errorLabel(Object.assign(new Error('x'), { type: 'AccessDenied' }))).toBe('other');
  expect(errorLabel(undefined)).toBe('other');
});

test.each([
  ['2026-11', '2026-11-01'],
  ['2026-11-20', '2026-11-20'],
  ['2026-11-20T10', '2026-11-20'],
  ['2026-11.b', '2026-11-01'],
  ['2026-13', undefined],
  ['2026-111', undefined],
  ['test', undefined],
])('the key id %s tells its age by the day %s', (id, day) => {
  expect(dayOfKeyId(id)?.toISOString().slice(0, 10)).toBe(day);
});
