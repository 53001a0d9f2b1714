import { expect, test } from 'vitest';
import { isReference, isSealedPart, partId, referenceTo } from '../../src/batch/part.ts';
import { partSealer } from '../../src/crypto/payloads/part-sealer.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';

const parts = partSealer(testKeyring('a-key-with-a-longer-id'));

test('a part and its reference have one id, and no other part has it', async () => {
  const [one, other] = [await parts.seal(['a']), await parts.seal(['a'])];
  expect(partId(referenceTo(one))).toBe(partId(one));
  expect(partId(referenceTo(referenceTo(one)))).toBe(partId(one));
  expect(partId(other)).not.toBe(partId(one));
  expect(partId(one)).toMatch(/^[0-9a-f]{24}$/);
});

test('a reference is a few bytes, however large its part is, and is told from a part', async () => {
  const part = await parts.seal(Array.from({ length: 1_000 }, (_, index) => `body ${index}`));
  const reference = referenceTo(part);
  expect(reference).toHaveLength(16);
  expect([isReference(reference), isSealedPart(reference)]).toEqual([true, false]);
  expect([isReference(part), isSealedPart(part)]).toEqual([false, true]);
});

test('bytes that only begin as a reference are none', async () => {
  const reference = referenceTo(await parts.seal(['a']));
  expect(isReference(Buffer.concat([reference, Buffer.from('203.0.113.77')]))).toBe(false);
  expect(isReference(reference.subarray(0, 12))).toBe(false);
});
