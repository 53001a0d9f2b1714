import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { MASKED_FIELDS } from '../../../src/domain/login/login-columns.ts';
import { hmacMasker, sha256Masker, UNKEYED_ID } from '../../../src/domain/login/masking.ts';

const secret = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const masker = hmacMasker({ id: '2026-11', secret });

/** HKDF as RFC 5869 writes it down, from HMAC alone: without salt, one block of output. */
function subkey(field: string): Buffer {
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
  return createHmac('sha256', extracted).update(`login-etl/mask/${field}\u0001`).digest();
}

test('sha256 mode is exactly the lower-case hex SHA-256 of the value, as existing data has it', () => {
  const known = '6694f83c9f476da31f5df6bcc520034e7e57d421d247b9d34f49edbfc84a764c';
  for (const field of MASKED_FIELDS) expect(sha256Masker.mask(field, '1.2.3.4')).toBe(known);
  expect(sha256Masker.mask('device_id', 'ü🦊')).toBe(
    createHash('sha256').update('ü🦊', 'utf8').digest('hex'),
  );
  expect(sha256Masker.keyId).toBe(UNKEYED_ID);
});

test.each(MASKED_FIELDS)('hmac-sha256 mode keys %s with a subkey of its own', (field) => {
  for (const value of ['1.2.3.4', '', 'ü🦊', 'x'.repeat(1_000)]) {
    const expected = createHmac('sha256', subkey(field)).update(value, 'utf8').digest('hex');
    expect(masker.mask(field, value)).toBe(expected);
  }
});

// Made with Python's hmac: rows of years ago must still match.
test('masked values of known inputs never change', () => {
  expect(masker.mask('ip', '1.2.3.4')).toBe(
    'a40d09ceef72cc7682a261468247053d4574ba875cfd1838762451e5f720b21f',
  );
  expect(masker.mask('device_id', '1.2.3.4')).toBe(
    'db0cfdfdf7cf504e81c0dc2145991d2b2ea9ef421a7cbca01c1601cbb556e5cc',
  );
});

test('equal values of a field are equal masked; equal strings in different fields are not', () => {
  expect(masker.mask('ip', '1.2.3.4')).toBe(masker.mask('ip', '1.2.3.4'));
  expect(masker.mask('ip', '1.2.3.4')).not.toBe(masker.mask('ip', '1.2.3.5'));
  expect(masker.mask('ip', '1.2.3.4')).not.toBe(masker.mask('device_id', '1.2.3.4'));
});

test('another key masks differently, and each names its id', () => {
  const other = hmacMasker({ id: '2026-12', secret: Buffer.alloc(32, 1) });
  expect(other.mask('ip', '1.2.3.4')).not.toBe(masker.mask('ip', '1.2.3.4'));
  expect([masker.keyId, other.keyId]).toEqual(['2026-11', '2026-12']);
});
