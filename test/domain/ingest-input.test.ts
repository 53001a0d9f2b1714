import { expect, test } from 'vitest';
import {
  describeChosen,
  INGEST_SETTINGS,
  InvalidIngestInput,
  parseIngestInput,
  tunesItself,
  tuningFor,
} from '../../src/domain/ingest-input.ts';

const defaults = Object.fromEntries(
  Object.entries(INGEST_SETTINGS).map(([name, rule]) => [name, rule.default]),
);

test.each([undefined, null, {}])('%j is the defaults', (input) => {
  expect(parseIngestInput(input)).toEqual(defaults);
});

test('given settings count, the others have defaults; null is the same as absent', () => {
  expect(parseIngestInput({ maxMessages: 100, lanes: null })).toEqual({
    ...defaults,
    maxMessages: 100,
  });
});

test.each(Object.entries(INGEST_SETTINGS))(
  '%s is taken up to its bounds and not beyond',
  (name, { min, max }) => {
    expect(parseIngestInput({ [name]: min })).toMatchObject({ [name]: min });
    expect(parseIngestInput({ [name]: max })).toMatchObject({ [name]: max });
    for (const wrong of [
      min - 1,
      max + 1,
      min + 0.5,
      Number.NaN,
      Infinity,
      -1,
      '5',
      true,
      [5],
      {},
    ]) {
      expect(() => parseIngestInput({ [name]: wrong })).toThrow(
        new InvalidIngestInput(`${name}: must be a whole number from ${min} to ${max}`),
      );
    }
  },
);

test.each([5, 'secret-10.1.2.3', true, [], [{ lanes: 1 }]])('%j is no input', (input) => {
  expect(() => parseIngestInput(input)).toThrow(/^input: must be a JSON object with any of lanes,/);
});

test('every problem is listed, without the given values', () => {
  const input = { lanes: 0, batchSize: 'secret-10.1.2.3', 'secret-setting': 1, other: 2 };
  const problem = (() => {
    try {
      return JSON.stringify(parseIngestInput(input));
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(problem).toContain('lanes: must be');
  expect(problem).toContain('batchSize: must be');
  expect(problem).toContain('input: 2 unknown setting(s)');
  expect(problem).not.toContain('secret');
});

test('names that every object has are unknown settings, not ours', () => {
  expect(() => parseIngestInput(JSON.parse('{"__proto__": {"lanes": 1}}'))).toThrow('1 unknown');
  expect(() => parseIngestInput({ constructor: 1 })).toThrow('1 unknown');
});

test.each([undefined, null, {}, { maxMessages: 100 }, { lanes: null }])(
  'a run with the input %j tunes itself',
  (input) => {
    expect(tunesItself(input)).toBe(true);
  },
);

test.each([{ lanes: 3 }, { batchSize: 4_000 }, { maxBatchBytes: 2_000_000 }, { shards: 1 }])(
  'an input wins, also one that is a default: %j',
  (input) => {
    expect(tunesItself(input)).toBe(false);
  },
);

test('a queue that is drained every minute gets the defaults, a backlog larger batches in shards', () => {
  expect(tuningFor(0)).toBeUndefined();
  expect(tuningFor(14_999)).toBeUndefined();
  const tuning = tuningFor(15_000);
  expect(tuning?.shards).toBeGreaterThan(1);
  expect(tuning?.batchSize).toBeGreaterThan(INGEST_SETTINGS.batchSize.default);
  expect(parseIngestInput(tuning)).toMatchObject(tuning ?? {});
});

test('what was chosen is described with its reason', () => {
  expect(
    describeChosen({ lanes: 2, shards: 3, batchSize: 10, maxBatchBytes: 4, backlog: 20_000 }),
  ).toBe(
    'chosen for a backlog of about 20000 messages: 3 shards of 2 lanes, batches of up to 10 messages and 4 bytes',
  );
});
