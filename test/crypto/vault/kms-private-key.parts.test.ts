import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kmsPrivateKey } from '../../../src/crypto/vault/kms-private-key.ts';
import { newDataKey, sealBody, vaultKeyId } from '../../../src/crypto/vault/vault-envelope.ts';
import { openBody } from '../../../src/crypto/vault/vault-opener.ts';

// No emulator of KMS decrypts with an RSA key, so these two calls are answered here, with a real key.
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY_ID = 'alias/vault';
type Call = { target: string; body: Record<string, string> };
let calls: Call[];
let refusal: string | undefined;
let algorithms: string[];
let server: Server;
let client: KMSClient;

function answer({ target, body }: Call): Record<string, unknown> {
  if (target === 'TrentService.GetPublicKey') {
    return {
      KeyId: body.KeyId,
      PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      EncryptionAlgorithms: algorithms,
    };
  }
  const plaintext = privateDecrypt(
    { key: privateKey, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING },
    Buffer.from(body.CiphertextBlob ?? '', 'base64'),
  );
  return { KeyId: body.KeyId, Plaintext: plaintext.toString('base64') };
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = {
    target: String(request.headers['x-amz-target']),
    body: (await json(request)) as Call['body'],
  };
  calls.push(call);
  const body = refusal ? { __type: refusal, message: JSON.stringify(call.body) } : answer(call);
  response.writeHead(refusal ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(body));
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void handle(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new KMSClient({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
beforeEach(() => {
  calls = [];
  refusal = undefined;
  algorithms = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];
});
afterAll(() => {
  client.destroy();
  server.close();
});

test('what was sealed with the public key opens by way of KMS, which is told key and algorithm', async () => {
  const sealed = sealBody(
    newDataKey({ id: vaultKeyId(publicKey), key: publicKey }),
    'text',
    'message-1',
  );
  const key = await kmsPrivateKey(KEY_ID, client);
  expect(key.id).toBe(vaultKeyId(publicKey));
  expect(await openBody(sealed, key, 'message-1')).toBe('text');
  expect(calls.map(({ target }) => target)).toEqual([
    'TrentService.GetPublicKey',
    'TrentService.Decrypt',
  ]);
  expect(calls[1]?.body).toMatchObject({
    KeyId: KEY_ID,
    EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  });
});

test('what is sealed with its public key opens again', async () => {
  const key = await kmsPrivateKey(KEY_ID, client);
  const sealed = sealBody(newDataKey(key.publicKey), 'anew', 'message-2');
  expect(await openBody(sealed, key, 'message-2')).toBe('anew');
});

test('a key of another use is refused by the name of its setting', async () => {
  algorithms = [];
  await expect(kmsPrivateKey(KEY_ID, client)).rejects.toThrow(
    /VAULT_KMS_KEY_ID must be an RSA key/,
  );
});

test('a refusal of KMS comes out by its name, without what was sent', async () => {
  const key = await kmsPrivateKey(KEY_ID, client);
  refusal = 'AccessDeniedException';
  const error = await key.unwrap(Buffer.from('secret-text')).then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error?.message).toMatch(/AccessDeniedException.*kms:Decrypt/);
  const sent = Buffer.from('secret-text').toString('base64');
  expect(inspect(error, { depth: null })).not.toContain(sent);
  await expect(kmsPrivateKey(KEY_ID, client)).rejects.toThrow(/VAULT_KMS_KEY_ID/);
});
