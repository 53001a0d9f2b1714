import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { open } from '../../../src/crypto/vault/sealed-value.ts';
import {
  newDataKey,
  originalContext,
  parseVaultPublicKey,
  sealAlone,
  vaultKeyId,
} from '../../../src/crypto/vault/vault-envelope.ts';
import {
  openAlone,
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
  'what is sealed opens as it was',
  async (plaintext) => {
    const sealed = sealAlone(newDataKey(vault), plaintext, 'message-1');
    expect(await openAlone(sealed, privateKey, 'message-1')).toBe(plaintext);
  },
);

test('nothing of the text can be read in what is sealed', () => {
  const sealed = sealAlone(newDataKey(vault), '203.0.113.77', '203.0.113.99');
  expect(sealed.toString('latin1')).not.toMatch(/203\.0/);
});

test('a data key seals many texts, each differently, and each opens by its own context', async () => {
  const dataKey = newDataKey(vault);
  const sealed = ['a', 'b', 'c'].map((context) => dataKey.seal('same', context));
  expect(new Set(sealed.map((one) => one.toString('hex'))).size).toBe(3);
  const unwrapped = await privateKey.unwrap(dataKey.wrappedKey);
  expect(open(sealed[1] as Buffer, unwrapped, 'b')).toBe('same');
  expect(() => open(sealed[1] as Buffer, unwrapped, 'a')).toThrow();
});

test('a sealed text that was put in the place of another does not open', async () => {
  const dataKey = newDataKey(vault);
  const first = sealAlone(dataKey, 'one', 'message-1');
  const second = sealAlone(dataKey, 'two', 'message-2');
  await expect(openAlone(first, privateKey, 'message-2')).rejects.toThrow();
  await expect(openAlone(second, privateKey, 'message-1')).rejects.toThrow();
  await expect(openAlone(first, privateKey, '')).rejects.toThrow();
});

test('a single bit that is another, anywhere, and it does not open', async () => {
  const sealed = sealAlone(newDataKey(vault), 'text', 'message-1');
  for (const at of [0, 1, 2, 3, 100, 258, 259, 265, 271, 274, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    await expect(openAlone(changed, privateKey, 'message-1'), `byte ${at}`).rejects.toThrow();
  }
});

test('cut short, it does not open', async () => {
  const sealed = sealAlone(newDataKey(vault), 'text', 'message-1');
  for (let length = 0; length < sealed.length; length += 1) {
    const cut = sealed.subarray(0, length);
    await expect(openAlone(cut, privateKey, 'message-1'), `${length} bytes`).rejects.toThrow();
  }
});

test('another private key does not open it', async () => {
  const sealed = sealAlone(newDataKey(vault), 'text', 'message-1');
  await expect(openAlone(sealed, keyPair().privateKey, 'message-1')).rejects.toThrow();
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

test('keys are told apart by an id made of the public key', () => {
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
