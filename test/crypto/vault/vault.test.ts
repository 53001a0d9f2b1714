import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { openAesGcm } from '../../../src/crypto/aes-gcm.ts';
import {
  newDataKey,
  originalContext,
  parseVaultPublicKey,
  sealBody,
  vaultKeyId,
} from '../../../src/crypto/vault/vault-envelope.ts';
import {
  openBody,
  parseVaultPrivateKey,
  type VaultPrivateKey,
} from '../../../src/crypto/vault/vault-opener.ts';

function keyPair(bits = 2048): {
  publicPem: string;
  privatePem: string;
  privateKey: VaultPrivateKey;
} {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    publicPem: publicKey,
    privatePem: privateKey,
    privateKey: parseVaultPrivateKey(privateKey),
  };
}

const { publicPem, privatePem, privateKey } = keyPair();
const vault = parseVaultPublicKey(publicPem);

test.each(['', 'text', 'ünï🦊\u0000', 'x'.repeat(1_048_576)])(
  'a sealed text opens unchanged',
  async (plaintext) => {
    const sealed = sealBody(newDataKey(vault), plaintext, 'message-1');
    expect(await openBody(sealed, privateKey, 'message-1')).toBe(plaintext);
  },
);

test('a sealed text does not contain the plain text', () => {
  const sealed = sealBody(newDataKey(vault), '203.0.113.77', '203.0.113.99');
  expect(sealed.toString('latin1')).not.toMatch(/203\.0/);
});

test('a data key seals many texts, each differently, and each opens by its own context', async () => {
  const dataKey = newDataKey(vault);
  const sealed = ['a', 'b', 'c'].map((context) => dataKey.seal('same', context));
  expect(new Set(sealed.map((one) => one.toString('hex'))).size).toBe(3);
  const unwrapped = await privateKey.unwrap(dataKey.wrappedKey);
  expect(openAesGcm(sealed[1] as Buffer, unwrapped, 'b').toString()).toBe('same');
  expect(() => openAesGcm(sealed[1] as Buffer, unwrapped, 'a')).toThrow();
});

test('a sealed text that was put in the place of another does not open', async () => {
  const dataKey = newDataKey(vault);
  const first = sealBody(dataKey, 'one', 'message-1');
  const second = sealBody(dataKey, 'two', 'message-2');
  await expect(openBody(first, privateKey, 'message-2')).rejects.toThrow();
  await expect(openBody(second, privateKey, 'message-1')).rejects.toThrow();
  await expect(openBody(first, privateKey, '')).rejects.toThrow();
});

test('a sealed text with one changed bit does not open', async () => {
  const sealed = sealBody(newDataKey(vault), 'text', 'message-1');
  for (const at of [0, 1, 2, 3, 100, 258, 259, 265, 271, 274, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await expect(openBody(changed, privateKey, 'message-1'), `byte ${at}`).rejects.toThrow();
  }
});

test('a truncated sealed text does not open', async () => {
  const sealed = sealBody(newDataKey(vault), 'text', 'message-1');
  for (let length = 0; length < sealed.length; length += 1) {
    const cut = sealed.subarray(0, length);
    await expect(openBody(cut, privateKey, 'message-1'), `${length} bytes`).rejects.toThrow();
  }
});

test('another private key does not open a sealed text', async () => {
  const sealed = sealBody(newDataKey(vault), 'text', 'message-1');
  await expect(openBody(sealed, keyPair().privateKey, 'message-1')).rejects.toThrow();
});

test('an original of the vault is bound to its field and its masked value', () => {
  expect(originalContext('ip', 'ab')).toBe('ip:ab');
});

test.each([
  ['a public key', publicPem, /^holds the public key/],
  ['no PEM', 'secret-text', /^is not a private key in PEM form/],
])('%s is no private key, and is not repeated', (_what, pem, rule) => {
  expect(() => parseVaultPrivateKey(pem)).toThrow(rule);
  expect(() => parseVaultPrivateKey(pem)).not.toThrow(/secret-text|BEGIN/);
});

test("a key's id is derived from the public key", () => {
  expect(vault.id).toMatch(/^[0-9a-f]{16}$/);
  expect(newDataKey(vault).vaultKeyId).toBe(vault.id);
  expect(vaultKeyId(createPublicKey(privatePem))).toBe(vault.id);
  expect(parseVaultPublicKey(keyPair().publicPem).id).not.toBe(vault.id);
});

test.each([
  ['a private key', privatePem, /private key/],
  ['no PEM', 'secret-text', /is not a public key in PEM form/],
  ['an empty text', '', /is not a public key in PEM form/],
  ['a key that is too short', keyPair(1024).publicPem, /at least 2048 bits/],
  [
    'a key of another kind',
    generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    /is not an RSA key/,
  ],
])('%s is refused, and not repeated', (_what, pem, rule) => {
  const refusal = (() => {
    try {
      return JSON.stringify(parseVaultPublicKey(pem));
    } catch (error) {
      return (error as Error).message;
    }
  })();
  expect(refusal).toMatch(rule);
  expect(refusal).not.toContain('secret-text');
  expect(refusal).not.toContain('BEGIN');
});

test('a value of the vault can not be passed off as a quarantined body, nor the other way round', async () => {
  const dataKey = newDataKey(vault);
  const context = originalContext('ip', 'ab');
  const header = Buffer.from([1, 0, 0]);
  header.writeUInt16BE(dataKey.wrappedKey.length, 1);
  for (const version of [1, 2]) {
    header.writeUInt8(version);
    const planted = Buffer.concat([header, dataKey.wrappedKey, dataKey.seal('original', context)]);
    await expect(openBody(planted, privateKey, context), `version ${version}`).rejects.toThrow();
  }
  const body = sealBody(dataKey, 'body', context).subarray(3 + dataKey.wrappedKey.length);
  const unwrapped = await privateKey.unwrap(dataKey.wrappedKey);
  expect(() => openAesGcm(body, unwrapped, context)).toThrow();
});

test('a body of 0.3.0, sealed with the message id alone, still opens', async () => {
  const dataKey = newDataKey(vault);
  const header = Buffer.from([1, 0, 0]);
  header.writeUInt16BE(dataKey.wrappedKey.length, 1);
  const sealed = Buffer.concat([header, dataKey.wrappedKey, dataKey.seal('old', 'message-1')]);
  expect(await openBody(sealed, privateKey, 'message-1')).toBe('old');
});
