import { expect, test } from 'vitest';
import { createMasker } from '../../../src/crypto/keys/masker.ts';
import { hmacMasker, sha256Masker } from '../../../src/domain/login/masking.ts';
import { testKeyring } from './test-keyring.ts';

test('the active masking key masks, and its id goes with the values', () => {
  const keys = testKeyring('2026-11', '2026-10');
  const masker = createMasker({ mode: 'hmac-sha256', keys });
  const secret = keys.keys.get('2026-11')?.export() as Buffer;
  expect(masker.keyId).toBe('2026-11');
  expect(masker.mask('ip', '1.2.3.4')).toBe(
    hmacMasker({ id: '2026-11', secret }).mask('ip', '1.2.3.4'),
  );
});

test('sha256 mode ignores the keys', () => {
  expect(createMasker({ mode: 'sha256', keys: testKeyring('2026-11') })).toBe(sha256Masker);
});

test('the keyed mode refuses to mask without a key', () => {
  expect(() => createMasker({ mode: 'hmac-sha256' })).toThrow();
});
