import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger, temporalLogger } from '../../src/telemetry/logs/logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Entry = { level: string; msg: string; leftOut?: number; [name: string]: unknown };

function newLog() {
  const lines: Entry[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, logger };
}

const failure = (code: string) => Object.assign(new Error('x'), { code });

test('a line that repeats is written five times a minute, and then the number of omitted ones', () => {
  const { lines, logger } = newLog();
  for (let run = 0; run < 1_000; run += 1) {
    const meta = { runId: `run-${run}`, step: 'insertBatch', error: failure('ECONNREFUSED') };
    temporalLogger(logger).warn('Activity failed', meta);
  }
  expect(lines).toHaveLength(5);
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(6);
  expect(lines.at(-1)).toMatchObject({
    level: 'warn',
    msg: 'Activity failed (left out: 995)',
    leftOut: 995,
    step: 'insertBatch',
    error: { code: 'ECONNREFUSED' },
  });
  expect(lines.at(-1)).not.toHaveProperty('runId');
});

test('the next minute starts from zero, and a minute without omitted lines reports nothing', () => {
  const { lines, logger } = newLog();
  for (let minute = 0; minute < 3; minute += 1) {
    for (let n = 0; n < 5; n += 1) logger.error({ source: 'queue' }, 'no metrics from a source');
    vi.advanceTimersByTime(60_000);
  }
  expect(lines).toHaveLength(15);
});

test('lines with another step, error, source, text or level count separately', () => {
  const { lines, logger } = newLog();
  for (let n = 0; n < 50; n += 1) {
    for (const step of ['receiveBatch', 'insertBatch']) {
      for (const code of ['A', 'B']) {
        temporalLogger(logger).warn('Activity failed', { step, error: failure(code) });
      }
    }
    logger.warn({ source: 'queue' }, 'no metrics from a source');
    logger.error({ source: 'queue' }, 'no metrics from a source');
    logger.error('another text');
  }
  expect(lines).toHaveLength(7 * 5);
});

test('a child logger shares the count, and info lines are not counted', () => {
  const { lines, logger } = newLog();
  for (let n = 0; n < 20; n += 1) {
    logger.child({ n }).warn('alike');
    logger.info('batch is stored');
  }
  expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(5);
  expect(lines.filter(({ level }) => level === 'info')).toHaveLength(20);
});
