import { expect, test } from 'vitest';
import { INGEST_SETTINGS, parseIngestInput } from '../../src/domain/ingest-input.ts';
import { describeChosen, tunesItself, tuningFor } from '../../src/domain/tuning.ts';

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
