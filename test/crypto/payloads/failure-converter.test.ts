import { ApplicationFailure } from '@temporalio/common';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import { expect, test } from 'vitest';
import { failureConverter } from '../../../src/crypto/payloads/failure-converter.ts';
import { payloadCodec } from '../../../src/crypto/payloads/payload-codec.ts';
import { payloadConverter } from '../../../src/crypto/payloads/payload-converter.ts';
import { testKeyring } from '../keys/test-keyring.ts';

const converter = {
  payloadConverter,
  failureConverter,
  payloadCodecs: [payloadCodec(testKeyring('k'))],
};

test('message, stack trace and cause of a failure are encrypted, and come back', async () => {
  const cause = new Error('cause with 203.0.113.77');
  const error = ApplicationFailure.create({ message: 'message with 203.0.113.77', cause });
  const failure = await encodeErrorToFailure(converter, error);

  expect(failure.message).toBe('Encoded failure');
  expect(failure.stackTrace).toBe('');
  expect(failure.cause?.message).toBe('Encoded failure');
  const stored = JSON.stringify(failure, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
  expect(stored).not.toContain('203.0');
  expect(stored).not.toContain('failure-converter.test.ts');

  const back = await decodeOptionalFailureToOptionalError(converter, failure);
  expect(back?.message).toBe('message with 203.0.113.77');
  expect(back?.stack).toContain('failure-converter.test.ts');
});
