import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { dataConverter } from '../../../src/crypto/payloads/data-converter.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { startTemporalServer } from '../../../src/local/temporal/temporal-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { startLoginEtl } from '../login-etl.ts';

const TOKEN = 'the-token-of-this-test-0123456789';
const MARK = 424_242;

let directory: string;
let database: TestDatabase;

beforeAll(async () => {
  [directory, database] = await Promise.all([makeTestDirectory('codec'), createTestDatabase()]);
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=codec', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')],
  ]);
});
afterAll(async () => {
  await database?.remove();
  await rm(directory, { recursive: true, force: true });
});

const environment = (port: number, more: Record<string, string> = {}) => ({
  CODEC_SERVER_ADDRESS: `127.0.0.1:${port}`,
  CODEC_SERVER_TOKEN: TOKEN,
  CODEC_SERVER_TLS_CERT_FILE: join(directory, 'cert.pem'),
  CODEC_SERVER_TLS_KEY_FILE: join(directory, 'key.pem'),
  DATABASE_URL: database.urls.custodian,
  PAYLOAD_KEYS: inject('keys')[KEY_FILE_NAMES.payloadKeys] as string,
  ...more,
});

/** Temporal's CLI, which sends what it is given as the Authorization header. */
const showInput = async (address: string, workflowId: string, codec: string[]) => {
  const { stdout } = await promisify(execFile)(
    inject('temporalBinary'),
    ['workflow', 'show', '--address', address, '-w', workflowId, '--detailed', ...codec],
    { env: { HOME: directory, SSL_CERT_FILE: join(directory, 'cert.pem') } },
  ).catch((error: { stdout: string }) => error);
  return stdout;
};

test("Temporal's CLI shows a payload over TLS, with the token only; SIGINT ends it well", async () => {
  const temporal = await startTemporalServer({ binary: inject('temporalBinary') });
  onTestFinished(() => temporal.stop());
  const port = await freePort();
  const env = environment(port);
  const server = startLoginEtl(env, ['codec-server']);
  await server.said('codec server is running');

  const connection = await Connection.connect({ address: temporal.address });
  onTestFinished(() => connection.close());
  const { payloads } = loadConfig(['payloads'], env);
  const client = new Client({ connection, dataConverter: dataConverter(payloads.keys) });
  const workflowId = randomUUID();
  const args = [{ maxMessages: MARK }];
  await client.workflow.start('ingestLogins', { taskQueue: 'nobody', workflowId, args });

  const endpoint = ['--codec-endpoint', `https://127.0.0.1:${port}`];
  expect(await showInput(temporal.address, workflowId, endpoint)).not.toContain(String(MARK));
  const withToken = [...endpoint, '--codec-auth', `Bearer ${TOKEN}`];
  expect(await showInput(temporal.address, workflowId, withToken)).toContain(String(MARK));
  const { rows } = await database.pool.query('select actor, action, detail from audit_log');
  expect(rows).toMatchObject([{ actor: expect.stringContaining('custodian'), action: 'decode' }]);

  server.interrupt();
  const { exitCode, stderr } = await server.result;
  expect(exitCode).toBe(0);
  expect(stderr).toContain('codec server has stopped');
  expect(stderr).not.toContain(TOKEN);
}, 90_000);

test.each([
  ['without a token', () => ({ CODEC_SERVER_TOKEN: '' }), 'CODEC_SERVER_TOKEN'],
  ["as the worker's database user", () => ({ DATABASE_URL: database.urls.worker }), 'custodian'],
  ['without a database', () => ({ DATABASE_URL: '' }), 'DATABASE_URL'],
])('does not start %s', async (_what, changes, said) => {
  const env = environment(await freePort(), changes());
  const { exitCode, stderr } = await startLoginEtl(env, ['codec-server']).result;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(said);
});
