import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createReadiness } from '../../src/telemetry/health/readiness.ts';
import { watchRefusals } from '../../src/telemetry/health/refusal-watch.ts';
import { lazyConnection } from '../../src/temporal/connect-client.ts';
import { connectWorker } from '../../src/temporal/worker/connect-worker.ts';
import {
  type CertificateAuthority,
  makeCertificateAuthority,
  signCertificate,
} from '../support/servers/certificates.ts';
import { startEmptyGrpc } from '../support/servers/empty-grpc.ts';
import { createTestDatabase } from '../support/servers/test-database.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

async function directoryOfTest(): Promise<string> {
  const directory = await makeTestDirectory('replaced-secrets');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('a client sends the API key that its file has at each call', async () => {
  const server = await startEmptyGrpc();
  onTestFinished(() => server.stop());
  const TEMPORAL_API_KEY_FILE = join(await directoryOfTest(), 'api-key');
  await writeFile(TEMPORAL_API_KEY_FILE, 'first\n');
  const { temporal } = loadConfig(['temporal'], {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_TLS: 'false',
    TEMPORAL_API_KEY_FILE,
  });
  const connection = lazyConnection(temporal);
  onTestFinished(() => connection.close());
  const call = () => connection.workflowService.describeNamespace({ namespace: 'default' });
  await call();
  expect(server.authorizations.at(-1)).toBe('Bearer first');
  await writeFile(TEMPORAL_API_KEY_FILE, 'second\n');
  await call();
  expect(server.authorizations.at(-1)).toBe('Bearer second');
});

test('a worker stops when Temporal cannot be reached with TLS files that have been replaced', async () => {
  const directory = await directoryOfTest();
  const [old, next] = [
    await makeCertificateAuthority(directory, 'old'),
    await makeCertificateAuthority(directory, 'next'),
  ];
  const served = async (authority: CertificateAuthority) => {
    const { certificate: cert, key } = await signCertificate(directory, authority, 'IP:127.0.0.1');
    return { cert, key, ca: await readFile(authority.certificate), requestCert: true };
  };
  const server = await startEmptyGrpc({ ...(await served(old)), rejectUnauthorized: true });
  onTestFinished(() => server.stop());
  const paths = {
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(directory, 'client.crt'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: join(directory, 'client.key'),
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(directory, 'ca.pem'),
  };
  const writeClient = async (authority: CertificateAuthority) => {
    const { certificate, key } = await signCertificate(directory, authority, 'DNS:client');
    await writeFile(paths.TEMPORAL_TLS_CLIENT_CERT_PATH, certificate);
    await writeFile(paths.TEMPORAL_TLS_CLIENT_KEY_PATH, key);
    await copyFile(authority.certificate, paths.TEMPORAL_TLS_SERVER_CA_CERT_PATH);
  };
  await writeClient(old);
  const { temporal } = loadConfig(['temporal'], { TEMPORAL_ADDRESS: server.address, ...paths });
  const connection = await connectWorker(temporal);
  onTestFinished(() => connection.close());
  const { pool, remove } = await createTestDatabase();
  onTestFinished(remove);
  const readiness = createReadiness({ temporal: connection, namespace: 'default', pool });
  const watch = watchRefusals(readiness, {
    exitSeconds: 4,
    renew: async () => undefined,
    tlsFilesReplaced: temporal.tlsFilesReplaced,
    logger: pino({ level: 'silent' }),
  });
  onTestFinished(() => watch.stop());

  server.replaceTls(await served(next));
  await expect.poll(async () => (await readiness()).temporal, { timeout: 5_000 }).not.toBe('ok');
  // The same files would not help after a restart.
  expect(temporal.tlsFilesReplaced?.()).toBe(false);
  await writeClient(next);
  expect(temporal.tlsFilesReplaced?.()).toBe(true);
  expect((await watch.gaveUp).message).toMatch(/CREDENTIALS_REFUSED_EXIT.*TEMPORAL_TLS/);

  const restarted = loadConfig(['temporal'], { TEMPORAL_ADDRESS: server.address, ...paths });
  await (await connectWorker(restarted.temporal)).close();
});
