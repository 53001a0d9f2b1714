import { expect, test } from 'vitest';
import { isReference, isSealedPart, partId, referenceTo } from '../../src/batch/part.ts';
import { testKeyring } from '../crypto/keys/test-keyring.ts';
import { partsOf } from '../support/data/test-parts.ts';

const seal = partsOf(testKeyring('a-key-with-a-longer-id'));

test('a part and its reference have one id, and no other part has it', async () => {
  const [one, other] = [await seal(['a']), await seal(['a'])];
  expect(partId(referenceTo(one))).toBe(partId(one));
  expect(partId(referenceTo(referenceTo(one)))).toBe(partId(one));
  expect(partId(other)).not.toBe(partId(one));
  expect(partId(one)).toMatch(/^[0-9a-f]{56}$/);
});

test('other bytes behind a copied nonce have another id', async () => {
  const part = await seal(['a']);
  const forged = Buffer.from(part);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  expect(partId(forged)).not.toBe(partId(part));
});

test('a reference is a few bytes, however large its part is, and is told from a part', async () => {
  const part = await seal(Array.from({ length: 1_000 }, (_, index) => `body ${index}`));
  const reference = referenceTo(part);
  expect(reference).toHaveLength(32);
  expect([isReference(reference), isSealedPart(reference)]).toEqual([true, false]);
  expect([isReference(part), isSealedPart(part)]).toEqual([false, true]);
});

test('bytes that only begin as a reference are none', async () => {
  const reference = referenceTo(await seal(['a']));
  expect(isReference(Buffer.concat([reference, Buffer.from('203.0.113.77')]))).toBe(false);
  expect(isReference(reference.subarray(0, 28))).toBe(false);
});
