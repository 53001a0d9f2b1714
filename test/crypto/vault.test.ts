import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { expect, test } from 'vitest';
import { newSealer, openSealed, parseVaultPublicKey, vaultKeyId } from '../../src/crypto/vault.ts';

function keyPair(bits = 2048): { publicPem: string; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicPem: publicKey, privateKey: createPrivateKey(privateKey) };
}

const { publicPem, privateKey } = keyPair();
const vault = parseVaultPublicKey(publicPem);

test.each(['', 'text', 'ünï🦊\u0000', 'x'.repeat(1_048_576)])(
  'what is sealed opens as it was',
  (plaintext) => {
    const sealed = newSealer(vault).seal(plaintext, 'message-1');
    expect(openSealed(sealed, privateKey, 'message-1')).toBe(plaintext);
  },
);

test('nothing of the text can be read in what is sealed', () => {
  const sealed = newSealer(vault).seal('203.0.113.77', '203.0.113.99');
  expect(sealed.toString('latin1')).not.toMatch(/203\.0/);
});

test('a sealer seals many texts, each differently, and each opens by its own context', () => {
  const sealer = newSealer(vault);
  const sealed = ['a', 'b', 'c'].map((context) => sealer.seal('same', context));
  expect(new Set(sealed.map((one) => one.toString('hex'))).size).toBe(3);
  expect(openSealed(sealed[1] as Buffer, privateKey, 'b')).toBe('same');
});

test('a sealed text that was put in the place of another does not open', () => {
  const sealer = newSealer(vault);
  const [first, second] = [sealer.seal('one', 'message-1'), sealer.seal('two', 'message-2')];
  expect(() => openSealed(first, privateKey, 'message-2')).toThrow();
  expect(() => openSealed(second, privateKey, 'message-1')).toThrow();
  expect(() => openSealed(first, privateKey, '')).toThrow();
});

test('a single bit that is another, anywhere, and it does not open', () => {
  const sealed = newSealer(vault).seal('text', 'message-1');
  for (const at of [0, 1, 2, 3, 100, 258, 259, 265, 271, 274, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(() => openSealed(changed, privateKey, 'message-1'), `byte ${at}`).toThrow();
  }
});

test('cut short, it does not open', () => {
  const sealed = newSealer(vault).seal('text', 'message-1');
  for (let length = 0; length < sealed.length; length += 1) {
    const cut = sealed.subarray(0, length);
    expect(() => openSealed(cut, privateKey, 'message-1'), `${length} bytes`).toThrow();
  }
});

test('another private key does not open it', () => {
  const sealed = newSealer(vault).seal('text', 'message-1');
  expect(() => openSealed(sealed, keyPair().privateKey, 'message-1')).toThrow();
});

test('keys are told apart by an id made of the public key', () => {
  expect(vault.id).toMatch(/^[0-9a-f]{16}$/);
  expect(newSealer(vault).keyId).toBe(vault.id);
  expect(vaultKeyId(createPublicKey(privateKey))).toBe(vault.id);
  expect(parseVaultPublicKey(keyPair().publicPem).id).not.toBe(vault.id);
});

test.each([
  ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /private key/],
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
