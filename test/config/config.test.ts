import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';
import { isConfigured } from '../../src/config/process-environment.ts';
import type { Section } from '../../src/config/settings.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import { WORKER_SECTIONS } from '../../src/worker.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

const keys = await generateKeys('test');

const COMPLETE = {
  AWS_REGION: 'eu-central-1',
  DATABASE_URL: 'postgres://user:password@db.example:5433/logins',
  MASKING_KEYS: keys[KEY_FILE_NAMES.maskingKeys],
  PAYLOAD_KEYS: keys[KEY_FILE_NAMES.payloadKeys],
  VAULT_PUBLIC_KEY: keys[KEY_FILE_NAMES.vaultPublicKey],
};

type Environment = Record<string, string | undefined>;

function problemsOf(env: Environment, sections: readonly Section[] = WORKER_SECTIONS) {
  try {
    loadConfig(sections, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

async function secretFile(content: string): Promise<string> {
  const directory = await makeTestDirectory('config');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'secret');
  await writeFile(path, content);
  return path;
}

test('the required settings are enough; the rest has defaults', () => {
  const config = loadConfig(WORKER_SECTIONS, COMPLETE);
  expect(config).toMatchObject({
    sqs: { region: 'eu-central-1', queue: { name: 'login-queue' } },
    postgres: { host: 'db.example', port: 5433, user: 'user', database: 'logins' },
    temporal: { namespace: 'default' },
    masking: { mode: 'hmac-sha256', keys: { activeId: 'test' } },
    payloads: { keys: { activeId: 'test' } },
    worker: { shutdownGraceSeconds: 30, logLevel: 'info' },
  });
  expect(config.worker).not.toHaveProperty('metricsAddress');
});

test('every setting that is missing is named at once', () => {
  const problems = problemsOf({});
  const named = problems.map((problem) => problem.split(' ')[0]);
  expect(named).toEqual([
    'AWS_REGION',
    'DATABASE_URL',
    'MASKING_KEYS',
    'PAYLOAD_KEYS',
    'VAULT_PUBLIC_KEY',
  ]);
  expect(() => loadConfig(WORKER_SECTIONS, {})).toThrow(/AWS_REGION .*\n.*DATABASE_URL/);
});

test('settings of unused sections are not required', () => {
  expect(problemsOf({}, ['temporal'])).toEqual([]);
  expect(loadConfig(['temporal'], { AWS_REGION: 'x' })).not.toHaveProperty('sqs');
});

test('a setting of nothing but spaces is not set', () => {
  expect(problemsOf({ ...COMPLETE, AWS_REGION: '  ' })).toEqual([
    expect.stringMatching(/^AWS_REGION is not set/),
  ]);
});

const SECRET = 'pa55word-10.1.2.3';

test.each([
  ['AWS_ENDPOINT_URL_SQS', SECRET],
  ['AWS_ENDPOINT_URL_SQS', `ftp://${SECRET}`],
  ['SQS_QUEUE_URL', SECRET],
  ['SQS_VISIBILITY_TIMEOUT_SECONDS', '0'],
  ['SQS_VISIBILITY_TIMEOUT_SECONDS', '43201'],
  ['SQS_VISIBILITY_TIMEOUT_SECONDS', '1.5'],
  ['SQS_VISIBILITY_TIMEOUT_SECONDS', SECRET],
  ['DATABASE_URL', SECRET],
  ['DATABASE_URL', `mysql://root:${SECRET}@db/logins`],
  ['DATABASE_URL', `postgres://user:${SECRET}@:::/x y`],
  ['MASKING_MODE', SECRET],
  ['MASKING_KEYS', SECRET],
  ['MASKING_KEYS', JSON.stringify({ active: 'a', keys: { a: SECRET } })],
  [
    'MASKING_KEYS',
    JSON.stringify({ active: 'sha256', keys: { sha256: randomBytes(32).toString('base64') } }),
  ],
  ['PAYLOAD_KEYS', SECRET],
  ['PAYLOAD_KEYS', JSON.stringify({ active: SECRET, keys: {} })],
  ['VAULT_PUBLIC_KEY', SECRET],
  ['VAULT_PUBLIC_KEY', keys[KEY_FILE_NAMES.vaultPrivateKey]],
  ['WORKER_SHUTDOWN_GRACE_SECONDS', '-1'],
  ['LOG_LEVEL', SECRET],
])('%s is checked, and its value is not repeated', (name, value) => {
  const problems = problemsOf({ ...COMPLETE, [name]: value });
  expect(problems).toEqual([expect.stringMatching(`^${name} `)]);
  expect(problems.join()).not.toContain(SECRET);
  expect(problems.join()).not.toContain('PRIVATE KEY-----');
});

test.each(['DATABASE_URL', 'MASKING_KEYS', 'PAYLOAD_KEYS', 'VAULT_PUBLIC_KEY'] as const)(
  '%s may come from a file',
  async (name) => {
    const path = await secretFile(`${COMPLETE[name]}\n`);
    const fromFile = { ...COMPLETE, [name]: undefined, [`${name}_FILE`]: path };
    expect(problemsOf(fromFile)).toEqual([]);
    expect(problemsOf({ ...fromFile, [name]: COMPLETE[name] })).toEqual([
      `${name} is set, and ${name}_FILE too: keep one of them`,
    ]);
    expect(problemsOf({ ...fromFile, [`${name}_FILE`]: `${path}-not` })).toEqual([
      `${name}_FILE names a file that cannot be read (ENOENT)`,
    ]);
  },
);

test.each(['DATABASE_URL', 'MASKING_KEYS', 'PAYLOAD_KEYS', 'VAULT_PUBLIC_KEY'])(
  'an empty file is refused for %s',
  async (name) => {
    const path = await secretFile('\n');
    expect(problemsOf({ ...COMPLETE, [name]: undefined, [`${name}_FILE`]: path })).toEqual([
      `${name}_FILE names a file that is empty`,
    ]);
  },
);

test('sha256 masking needs no masking key, hmac-sha256 does', () => {
  const env = { ...COMPLETE, MASKING_KEYS: undefined };
  expect(loadConfig(['masking'], { ...env, MASKING_MODE: 'sha256' })).toEqual({
    masking: { mode: 'sha256' },
  });
  expect(problemsOf(env)).toEqual([expect.stringMatching(/^MASKING_KEYS is not set/)]);
});

test("libpq's settings replace a URL", () => {
  const { postgres } = loadConfig(['postgres'], {
    PGHOST: 'db.example',
    PGPORT: '5433',
    PGUSER: 'user',
    PGPASSWORD: 'password',
    PGDATABASE: 'logins',
    PGSSLMODE: 'require',
  });
  expect(postgres).toEqual({
    host: 'db.example',
    port: 5433,
    user: 'user',
    password: 'password',
    database: 'logins',
    ssl: { rejectUnauthorized: true },
  });
  expect(loadConfig(['postgres'], { PGHOST: 'db', PGSSLMODE: 'disable' }).postgres.ssl).toBe(false);
  expect(problemsOf({ PGHOST: 'db', PGPORT: '70000', PGSSLMODE: 'prefer' }, ['postgres'])).toEqual([
    expect.stringMatching(/^PGPORT /),
    expect.stringMatching(/^PGSSLMODE /),
  ]);
});

test('the queue is found by its URL rather than by its name', () => {
  const url = 'https://sqs.eu-central-1.amazonaws.com/1/logins.fifo';
  const queueOf = (env: Environment) => loadConfig(['sqs'], { ...COMPLETE, ...env }).sqs.queue;
  expect(queueOf({ SQS_QUEUE_NAME: 'other', SQS_QUEUE_URL: url })).toEqual({ url });
  expect(queueOf({ SQS_QUEUE_NAME: 'other' })).toEqual({ name: 'other' });
});

test("Temporal's own settings are read as Temporal's tools read them", async () => {
  const { temporal } = loadConfig(['temporal'], {
    TEMPORAL_ADDRESS: 'temporal.example:7233',
    TEMPORAL_NAMESPACE: 'logins',
    TEMPORAL_API_KEY_FILE: await secretFile('api-key\n'),
  });
  expect(temporal.namespace).toBe('logins');
  expect(temporal.connectionOptions).toMatchObject({
    address: 'temporal.example:7233',
    apiKey: 'api-key',
  });
});

test("the worker's optional settings are read", () => {
  const env = {
    WORKER_METRICS_ADDRESS: '127.0.0.1:9464',
    WORKER_HEALTH_ADDRESS: '[::1]:9465',
    WORKER_SAMPLE_SECONDS: '5',
    WORKER_SHUTDOWN_GRACE_SECONDS: '7',
    WORKER_WORKFLOW_BUNDLE: import.meta.filename,
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
  };
  expect(loadConfig(['worker'], env).worker).toMatchObject({
    metricsAddress: '127.0.0.1:9464',
    healthAddress: { host: '::1', port: 9465 },
    sampleSeconds: 5,
    shutdownGraceSeconds: 7,
    workflowBundlePath: import.meta.filename,
    logLevel: 'debug',
    logFormat: 'json',
  });
});

test('metrics are served or sent, not both', () => {
  const env = {
    WORKER_OTLP_ENDPOINT: 'https://otlp.example:4318/v1/metrics',
    WORKER_OTLP_HEADERS: 'authorization=Bearer a=b, tenant=logins',
  };
  expect(loadConfig(['worker'], env).worker.otlp).toEqual({
    url: env.WORKER_OTLP_ENDPOINT,
    headers: { authorization: 'Bearer a=b', tenant: 'logins' },
  });
  const both = { ...env, WORKER_METRICS_ADDRESS: '127.0.0.1:9464' };
  expect(() => loadConfig(['worker'], both)).toThrow(/WORKER_OTLP_ENDPOINT is set, and WORKER_M/);
});

test('a single setting of ours is enough to count as configured; those of the worker alone are not', () => {
  expect(isConfigured({})).toBe(false);
  expect(isConfigured({ LOG_LEVEL: 'debug', PATH: '/bin' })).toBe(false);
  // Shells have these for other programs.
  expect(isConfigured({ AWS_REGION: 'eu-west-1', PGHOST: 'x' })).toBe(false);
  expect(isConfigured({ TEMPORAL_ADDRESS: 'x:1' })).toBe(true);
  expect(isConfigured({ PAYLOAD_KEYS_FILE: '/keys' })).toBe(true);
});
