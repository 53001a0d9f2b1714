import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createLogger, temporalLogger } from '../../src/telemetry/logs/logger.ts';

const SECRET = '203.0.113.77';

function logged(log: (logger: ReturnType<typeof temporalLogger>) => void, level = 'trace') {
  const lines: string[] = [];
  log(temporalLogger(createLogger(level, { write: (line) => void lines.push(line) })));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function parserError(): Error {
  try {
    return JSON.parse(`{"ip": ${SECRET}}`) as Error;
  } catch (error) {
    return error as Error;
  }
}

test('an entry is one line of JSON with its time, its level and what goes with it', () => {
  expect(logged((logger) => logger.info('started', { taskQueue: 'login-etl' }))).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^20.*Z$/),
      taskQueue: 'login-etl',
      msg: 'started',
    },
  ]);
});

test('every level of the SDK has its own, and what is below the level asked for is left out', () => {
  const all = (logger: ReturnType<typeof temporalLogger>) => {
    logger.trace('m');
    logger.debug('m');
    logger.info('m');
    logger.warn('m');
    logger.error('m');
    logger.log('WARN', 'm');
  };
  const levels = (level: string) => logged(all, level).map((entry) => entry.level);
  expect(levels('trace')).toEqual(['trace', 'debug', 'info', 'warn', 'error', 'warn']);
  expect(levels('warn')).toEqual(['warn', 'error', 'warn']);
});

test("an error of somebody else's is logged by name, code and frames: its text may repeat what it was given", () => {
  const error = Object.assign(parserError(), { code: 'E1', detail: SECRET });
  error.cause = new TypeError(`cause ${SECRET}`);
  const [entry] = logged((logger) => logger.warn('failed', { error }));
  expect(entry?.error).toMatchObject({
    name: 'SyntaxError',
    code: 'E1',
    frames: expect.arrayContaining([expect.stringContaining('logger.test.ts')]),
    cause: { name: 'TypeError' },
  });
  expect(JSON.stringify(entry)).not.toContain('203');
});

test('a failure of ours keeps its text, and its cause still does not', () => {
  const error = ApplicationFailure.create({
    message: 'insertBatch: a row breaks a constraint (23514)',
    type: '23514',
    cause: new Error(SECRET),
  });
  const [entry] = logged((logger) => logger.error('failed', { error }));
  expect(entry?.error).toMatchObject({
    name: 'ApplicationFailure',
    code: '23514',
    message: 'insertBatch: a row breaks a constraint (23514)',
  });
  expect(JSON.stringify(entry)).not.toContain(SECRET);
});

test('a text with lines that look like frames is left out all the same', () => {
  const error = new Error(`line\nat ${SECRET}\n    at ${SECRET} (/file.ts:1:1)`);
  const changed = new Error(`at ${SECRET} (/file.ts:1:1)`);
  changed.message = 'another text than in its stack';
  for (const one of [error, changed]) {
    const entries = logged((logger) => logger.error('failed', { error: one }));
    expect(JSON.stringify(entries)).not.toContain(SECRET);
  }
});

test('causes that go in a circle end', () => {
  const error = new Error('one');
  error.cause = error;
  expect(logged((logger) => logger.error('failed', { error }))).toHaveLength(1);
});
