import { expect, test } from 'vitest';
import { whyRunsWait } from '../../../src/temporal/deployment/version-routing.ts';

test.each([
  ['no worker polls', { current: undefined, polling: [] }],
  ['workers without versioning', { current: undefined, polling: [undefined] }],
  ['the current version among others', { current: 'a:2', polling: ['a:1', 'a:2'] }],
])('runs do not wait: %s', (_, routing) => {
  expect(whyRunsWait(routing)).toBeUndefined();
});

test.each([
  [{ current: undefined, polling: ['a:1', 'a:1'] }, /^no version is current.*\(a:1\)/],
  [{ current: 'a:2', polling: ['a:1'] }, /^a:2 is the current version, and no worker of it/],
  [{ current: 'a:2', polling: [undefined] }, /\(without versioning\)/],
])('runs wait: %j', (routing, reason) => {
  expect(whyRunsWait(routing)).toMatch(reason);
});
