import { expect, test } from 'vitest';
import { startAndStatus } from '../../../src/temporal/runs/list-runs.ts';

const NOW = new Date('2026-11-27T09:00:00Z');
const LATER = new Date('2026-11-27T09:01:00Z');

test.each([
  ['RUNNING', LATER, 'waiting'],
  ['RUNNING', NOW, 'running'],
  // It was terminated before its turn.
  ['TERMINATED', LATER, 'terminated'],
  ['TIMED_OUT', NOW, 'timed out'],
] as const)('a run that is %s and begins at %s is %s', (name, executionTime, status) => {
  expect(startAndStatus({ status: { code: 1, name }, startTime: NOW, executionTime }, NOW)).toEqual(
    {
      startedAt: executionTime,
      status,
    },
  );
});
