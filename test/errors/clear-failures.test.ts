import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toFailure } from '../../src/activities/to-failure.ts';
import { UnknownPayloadKey } from '../../src/crypto/payloads/unknown-payload-key.ts';
import { INGEST_SETTINGS, parseIngestInput } from '../../src/domain/ingest-input.ts';
import { parseRotationInput, ROTATION_SETTINGS } from '../../src/domain/rotation/rotation-input.ts';
import { clearFailure } from '../../src/errors/clear-failures.ts';
import { AWS_POLICY, OWN_POLICY } from '../../src/errors/error-policy.ts';

const VALUE = '203.0.113.77';

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
};

test.each([
  ...Object.keys(INGEST_SETTINGS).map((name) => ({ [name]: VALUE })),
  { lanes: 0, batchSize: VALUE, maxMesages: 1, [VALUE]: 2 },
  { max_messages: 100 },
  VALUE,
])('why the input %j is refused is shown in clear, without the value', (input) => {
  const message = messageOf(() => parseIngestInput(input));
  expect(clearFailure(message)).toBe(message);
  expect(message).not.toContain(VALUE);
});

test.each([
  ...Object.keys(ROTATION_SETTINGS).map((name) => ({ reason: 'r', [name]: VALUE })),
  { reason: '', toKeyId: 5, requestId: 5, [VALUE]: 1 },
  { reason: 'r', rowPerStep: 1 },
])('why a rotation does not take %j is shown in clear, without the value', (input) => {
  const message = messageOf(() => parseRotationInput(input));
  expect(clearFailure(message)).toBe(message);
  expect(message).not.toContain(VALUE);
});

test.each([
  ['maxMesages', 'maxMessages'],
  ['max_messages', 'maxMessages'],
  ['lane', 'lanes'],
  ['batchsize', 'batchSize'],
])('the mistyped setting %s is named, and the one that it resembles', (typed, meant) => {
  expect(messageOf(() => parseIngestInput({ [typed]: 1 }))).toBe(
    `input: unknown setting ${typed}, did you mean ${meant}?`,
  );
});

test.each(['Jones', 'secret', VALUE, 'lanes of John', 'lanes\u001b[2J', 'constructor', 'x'])(
  'the unknown setting %j is only counted',
  (name) => {
    expect(messageOf(() => parseIngestInput({ [name]: 1 }))).toMatch(
      /^input: 1 unknown setting\(s\); known are lanes, /,
    );
  },
);

test.each([...Object.keys(AWS_POLICY), ...Object.keys(OWN_POLICY)])(
  'a step that fails with %s shows its code and advice in clear',
  (name) => {
    const error = Object.assign(new Error(VALUE), { name });
    const { message } = toFailure('receiveBatch from login-queue', error);
    expect(clearFailure(message)).toBe(message.replace(' from login-queue', ''));
  },
);

test('of an error with a detail only our own advice is shown in clear', () => {
  const { advice } = OWN_POLICY.RowsNotStored ?? {};
  expect(clearFailure(`insertBatch: ${advice}: trigger ${VALUE} (RowsNotStored)`)).toBe(
    `insertBatch: ${advice} (RowsNotStored)`,
  );
});

test('a missing payload key is not named in clear, since a stranger may have chosen its id', () => {
  const { message } = new UnknownPayloadKey('joe');
  const missing = 'it was encrypted with a key that PAYLOAD_KEYS does not hold: add that key again';
  expect(clearFailure(`a payload is refused: the input: ${message}`)).toBe(
    `a payload is refused: the input: ${missing}`,
  );
});

test('a code that a trigger may choose is shown as its class', () => {
  expect(clearFailure('insertBatch: a row breaks a constraint (23JOE)')).toBe(
    'insertBatch: a row breaks a constraint (class 23)',
  );
});

test.each([
  VALUE,
  '',
  `insertBatch: ${VALUE} (23505)`,
  `insertBatch: a row breaks a constraint (${VALUE})`,
  `${VALUE}: a row breaks a constraint (23505)`,
  `Activity task failed: ${VALUE}`,
  `a payload is refused: the input: ${VALUE}`,
  `a payload is refused: ${VALUE}`,
  `beginRotation: ${VALUE}`,
  `lanes: must be a whole number from 1 to 32; ${VALUE}`,
  'lanes: must be a whole number from 1 to 33',
  'secret: must be a whole number from 1 to 32',
  'input: unknown setting secret, did you mean lanes?',
  'input: unknown setting lanes, did you mean secret?',
  'input: 20301137713 unknown setting(s); known are lanes, batchSize, maxMessages, maxBatchBytes, shards',
  'input: 1 unknown setting(s); known are secret',
  'insertBatch: a row breaks a constraint',
  'toString',
])('%j is on no list and stays encoded', (message) => {
  expect(clearFailure(message)).toBeUndefined();
});

test('every failure that workflows and activities throw with a text of their own is on the list', () => {
  const files = ['src/workflows', 'src/activities'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(`${folder}/${name}`, 'utf8')),
  );
  const thrown = /(?:nonRetryable|CancelledFailure)\(\s*'([^']+)'|\bmessage: '([^']+)'/g;
  const found = files.flatMap((text) => Array.from(text.matchAll(thrown), ([, a, b]) => a ?? b));
  const refused = files.flatMap((text) =>
    Array.from(
      text.matchAll(/\brefused\(\s*(?:'([^']+)'|"([^"]+)"),?\s*\)/g),
      ([, a, b]) => a ?? b,
    ),
  );
  expect(found.length).toBeGreaterThan(4);
  expect(refused.length).toBeGreaterThan(5);
  for (const text of found) expect(clearFailure(text ?? '')).toBe(text);
  for (const text of refused) {
    const shown = [`beginRotation: ${text}`, `a payload is refused: ${text}`];
    expect(
      shown.some((each) => clearFailure(each) === each),
      text,
    ).toBe(true);
  }
});
