import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { generateKeys, KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import {
  type CertificateAuthority,
  makeCertificateAuthority,
  signCertificate,
} from '../support/servers/certificates.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

const LOGIN_ETL = resolve(import.meta.dirname, '../../src/cli/login-etl.mjs');

const keys = await generateKeys('test');

let directory: string;
let authority: CertificateAuthority;
beforeAll(async () => {
  directory = await makeTestDirectory('tls-by-address');
  authority = await makeCertificateAuthority(directory, 'ca');
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs a command against a server with a certificate for these names, which refuses each call. */
async function describeSchedule(host: string, certifiedNames: string) {
  const { certificate: cert, key } = await signCertificate(directory, authority, certifiedNames);
  const server = createSecureServer({ cert, key });
  const serverNames: unknown[] = [];
  server.on('secureConnection', ({ servername }: TLSSocket & { servername: unknown }) => {
    serverNames.push(servername);
  });
  let calls = 0;
  server.on('stream', (stream) => {
    calls += 1;
    const refused = { 'content-type': 'application/grpc', 'grpc-status': '7' };
    stream.respond({ ':status': 200, ...refused }, { endStream: true });
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const env = {
    PATH: process.env.PATH,
    TEMPORAL_ADDRESS: `${host}:${port}`,
    TEMPORAL_TLS: 'true',
    PAYLOAD_KEYS: keys[KEY_FILE_NAMES.payloadKeys],
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.certificate,
  };
  const stderr = await new Promise<string>((done) => {
    const args = [LOGIN_ETL, 'schedule', 'describe'];
    execFile(process.execPath, args, { env }, (_error, _stdout, text) => done(text));
  });
  return { stderr, serverNames: [...new Set(serverNames)], calls };
}

test('an IP address is checked in the certificate, and is not sent as a server name', async () => {
  const { stderr, serverNames, calls } = await describeSchedule('127.0.0.1', 'IP:127.0.0.1');
  expect(calls, stderr).toBeGreaterThan(0);
  expect(serverNames).toEqual([false]);
  expect(stderr).not.toContain('Warning');
});

test('a certificate for another address is refused', async () => {
  const { stderr, calls } = await describeSchedule('127.0.0.1', 'IP:127.0.0.2,DNS:localhost');
  expect(calls).toBe(0);
  expect(stderr).toContain('cannot be used');
  expect(stderr).not.toContain('Warning');
});

test('a name is sent as before', async () => {
  const { stderr, serverNames, calls } = await describeSchedule('localhost', 'DNS:localhost');
  expect(calls, stderr).toBeGreaterThan(0);
  expect(serverNames).toEqual(['localhost']);
});
