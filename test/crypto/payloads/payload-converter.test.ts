import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import { expect, test } from 'vitest';
import { payloadConverter } from '../../../src/crypto/payloads/payload-converter.ts';
import { isClearPayload } from '../../../src/domain/clear-text.ts';

/** The SDK hands its answer to the Web UI's query to the converter in this form. */
const answer = (value: object) => RawValue.fromPayload(defaultPayloadConverter.toPayload(value));
const METADATA = { definition: { type: 'ingestLogins' }, currentDetails: '5 received' };

test("the answer to the Web UI's query for the current details is left readable", () => {
  const payload = payloadConverter.toPayload(answer(METADATA));
  expect(isClearPayload(payload)).toBe(true);
  expect(payloadConverter.fromPayload(payload)).toEqual(METADATA);
});

test.each([
  { currentDetails: '203.0.113.77' },
  { ...METADATA, more: '203.0.113.77' },
  { received: 5 },
  ['definition', 'currentDetails'],
])('%j is another answer, and not left readable', (value) => {
  expect(isClearPayload(payloadConverter.toPayload(answer(value)))).toBe(false);
});

test('a value of that very shape which is not an answer of the SDK is not left readable', () => {
  expect(isClearPayload(payloadConverter.toPayload(METADATA))).toBe(false);
});

test.each([undefined, null, 'text', 5, { a: [1] }, new Uint8Array([1, 2])])(
  '%j is converted as ever',
  (value) => {
    expect(payloadConverter.toPayload(value)).toEqual(defaultPayloadConverter.toPayload(value));
  },
);
