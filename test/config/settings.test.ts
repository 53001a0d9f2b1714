import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { envExample } from '../../scripts/make-env-example.ts';
import { settingsPage } from '../../scripts/make-settings-table.ts';
import { type Config, ConfigError, loadConfig } from '../../src/config/config.ts';
import { SETTINGS, type Section } from '../../src/config/settings.ts';
import {
  generateKeys,
  KEY_FILE_NAMES,
  type KeyFiles,
} from '../../src/crypto/keys/generate-keys.ts';

const ALL: readonly Section[] = [
  'sqs',
  'postgres',
  'temporal',
  'masking',
  'payloads',
  'vault',
  'worker',
];

type Env = Record<string, string>;
let keys: KeyFiles;
let directory: string;

beforeAll(async () => {
  [keys, directory] = await Promise.all([
    generateKeys('test'),
    mkdtemp(join(tmpdir(), 'login-etl-settings-')),
  ]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Everything that is required, and nothing else. */
const complete = (): Env => ({
  AWS_REGION: 'eu-central-1',
  DATABASE_URL: 'postgres://user:password@db.example/logins',
  MASKING_KEYS: keys[KEY_FILE_NAMES.maskingKeys] as string,
  PAYLOAD_KEYS: keys[KEY_FILE_NAMES.payloadKeys] as string,
  VAULT_PUBLIC_KEY: keys[KEY_FILE_NAMES.vaultPublicKey] as string,
});

const privateKey = (): string => keys[KEY_FILE_NAMES.vaultPrivateKey] as string;

const without = (env: Env, name: string): Env =>
  Object.fromEntries(Object.entries(env).filter(([present]) => present !== name));

function problemsOf(env: Env, sections = ALL): readonly string[] {
  try {
    loadConfig(sections, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const names = (problems: readonly string[]): string[] =>
  problems.map((problem) => problem.split(' ')[0] as string);

describe("the settings' documents are generated from their declarations", () => {
  test('.env.example', async () => {
    const present = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
    expect(present, 'run `node scripts/make-env-example.ts`').toBe(envExample());
  });

  test('docs/settings.md', async () => {
    const present = await readFile(new URL('../../docs/settings.md', import.meta.url), 'utf8');
    expect(present, 'run `node scripts/make-settings-table.ts`').toBe(settingsPage());
  });

  test('documented defaults are the effective ones', () => {
    // The Postgres driver's own, and Temporal's library's.
    const settings = SETTINGS.filter(
      ({ name, usedByLibrary }) => name !== 'PGPORT' && !usedByLibrary,
    );
    const env = complete();
    for (const { name, default: value } of settings) {
      if (value === undefined) continue;
      expect(loadConfig(ALL, { ...env, [name]: value }), name).toEqual(loadConfig(ALL, env));
    }
  });
});

/** They are checked only. */
const READ_BY_AWS_SDK =
  /^(HOME|AWS_(PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|CONTAINER_AUTHORIZATION_TOKEN|CONTAINER_CREDENTIALS_RELATIVE_URI))$/;

describe('every setting is read, and nothing else', () => {
  test('with each way to Postgres', () => {
    const read = new Set<string>();
    const record = (env: Env) =>
      new Proxy(env, {
        get(target, name) {
          if (typeof name === 'string') read.add(name);
          return Reflect.get(target, name);
        },
      });
    // Temporal's library is given the whole environment.
    const sections = [
      ...ALL.filter((section) => section !== 'temporal'),
      'codecServer',
      'api',
      'retention',
    ] as const;
    const env = {
      ...complete(),
      CODEC_SERVER_TOKEN: 'x'.repeat(32),
      API_TOKENS: `[{"name":"test","scopes":["logins:read"],"token":"${'x'.repeat(32)}"}]`,
    };
    loadConfig(sections, record(env));
    loadConfig(sections, record({ ...without(env, 'DATABASE_URL'), PGHOST: 'db.example' }));
    loadConfig(['custodian'], record({ VAULT_KMS_KEY_ID: 'alias/vault' }));

    const known = SETTINGS.filter(({ section }) => section !== 'temporal').flatMap(
      ({ name, secret, usedByLibrary }) =>
        usedByLibrary ? [] : secret ? [name, `${name}_FILE`] : [name],
    );
    const missing = known.filter((name) => !read.has(name));
    expect(missing).toEqual([]);
    const declared = SETTINGS.flatMap(({ name }) => [name, `${name}_FILE`]);
    const undeclared = [...read].filter((name) => !declared.includes(name));
    expect(undeclared.filter((name) => !READ_BY_AWS_SDK.test(name))).toEqual([]);
  });

  test("by Temporal's library", () => {
    const env = { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'logins' };
    const { temporal } = loadConfig(['temporal'], env);
    expect(temporal.connectionOptions.address).toBe(env.TEMPORAL_ADDRESS);
    expect(temporal.namespace).toBe(env.TEMPORAL_NAMESPACE);
  });
});

describe('missing settings are named', () => {
  const required = SETTINGS.filter((setting) => setting.required).map(({ name }) => name);

  test('nothing, when everything required is there', () => {
    expect(problemsOf(complete())).toEqual([]);
    expect(Object.keys(complete()).sort()).toEqual([...required].sort());
  });

  test.each(required)('%s', (name) => {
    expect(names(problemsOf(without(complete(), name)))).toEqual([name]);
    expect(names(problemsOf({ ...complete(), [name]: '  ' }))).toEqual([name]);
  });

  test('all of it at once', () => {
    expect(names(problemsOf({})).sort()).toEqual([...required].sort());
  });

  test('only in the sections that are asked for', () => {
    expect(problemsOf({ AWS_REGION: 'eu-central-1' }, ['sqs', 'temporal', 'worker'])).toEqual([]);
    expect(problemsOf({ MASKING_MODE: 'sha256' }, ['masking'])).toEqual([]);
  });
});

describe('wrong values are named by their setting, and not repeated', () => {
  const MARK = 'q7Zx';
  const keyring = (encoded: string) => JSON.stringify({ active: 'a', keys: { a: encoded } });
  const wrong: Env = {
    AWS_ENDPOINT_URL_SQS: MARK,
    SQS_QUEUE_URL: `file:///${MARK}`,
    SQS_VISIBILITY_TIMEOUT_SECONDS: MARK,
    DATABASE_URL: `mysql://user:${MARK}@db.example/logins`,
    MASKING_KEYS: keyring(MARK),
    PAYLOAD_KEYS: `{"${MARK}`,
    VAULT_PUBLIC_KEY: `-----BEGIN PUBLIC KEY-----\n${MARK}\n-----END PUBLIC KEY-----`,
    WORKER_SHUTDOWN_GRACE_SECONDS: MARK,
    MASKING_KEY_SINCE: MARK,
    WORKER_METRICS_ADDRESS: MARK,
    WORKER_OTLP_ENDPOINT: MARK,
    WORKER_OTLP_HEADERS: MARK,
    WORKER_HEALTH_ADDRESS: `127.0.0.1:${MARK}`,
    WORKER_SAMPLE_SECONDS: MARK,
    LOG_LEVEL: MARK,
    LOG_FORMAT: MARK,
  };

  test.each(Object.keys(wrong))('%s', (name) => {
    const problems = problemsOf({ ...complete(), [name]: wrong[name] as string });
    expect(names(problems)).toEqual([name]);
    expect(problems.join()).not.toContain(MARK);
  });

  test.each([
    ['MASKING_MODE', 'md5'],
    ['MASKING_KEYS', JSON.stringify({ active: MARK, keys: {} })],
    ['PAYLOAD_KEYS', JSON.stringify({ active: 'a', keys: { [`${MARK}/`]: MARK } })],
    ['PAYLOAD_KEYS', JSON.stringify([MARK])],
    // The unkeyed mode's name: rows could not be told apart.
    ['MASKING_KEYS', JSON.stringify({ active: 'sha256', keys: { sha256: MARK } })],
    ['WORKER_SHUTDOWN_GRACE_SECONDS', '0'],
    ['SQS_VISIBILITY_TIMEOUT_SECONDS', '1.5'],
  ])('%s, in another way (%#)', (name, value) => {
    const problems = problemsOf({ ...complete(), [name]: value });
    expect(new Set(names(problems))).toEqual(new Set([name]));
    expect(problems.join()).not.toContain(MARK);
  });

  test.each([
    ['PGPORT', '70000'],
    ['PGSSLMODE', MARK],
  ])('%s', (name, value) => {
    const env = { ...without(complete(), 'DATABASE_URL'), PGHOST: 'db.example', [name]: value };
    expect(names(problemsOf(env))).toEqual([name]);
    expect(problemsOf(env).join()).not.toContain(MARK);
  });

  test("the vault's private key, where the public one belongs", () => {
    const env = { ...complete(), VAULT_PUBLIC_KEY: keys[KEY_FILE_NAMES.vaultPrivateKey] as string };
    const [problem] = problemsOf(env);
    expect(problem).toMatch(/^VAULT_PUBLIC_KEY holds a private key/);
  });

  test('all of it at once', () => {
    const problems = problemsOf({ ...complete(), ...wrong });
    expect(names(problems).sort()).toEqual(Object.keys(wrong).sort());
    try {
      loadConfig(ALL, { ...complete(), ...wrong });
    } catch (error) {
      expect(`${(error as Error).message}${(error as Error).stack}`).not.toContain(MARK);
      for (const problem of problems) expect((error as Error).message).toContain(problem);
    }
  });
});

describe('what leaves this machine is encrypted', () => {
  test.each([
    ['AWS_ENDPOINT_URL_SQS', ['sqs']],
    ['AWS_ENDPOINT_URL', ['sqs']],
    ['SQS_QUEUE_URL', ['sqs']],
    ['AWS_ENDPOINT_URL_STS', ['sqs']],
    ['AWS_ENDPOINT_URL_SSO_OIDC', ['sqs']],
    ['AWS_ENDPOINT_URL', ['custodian']],
    ['AWS_ENDPOINT_URL_STS', ['custodian']],
    ['AWS_ENDPOINT_URL_KMS', ['custodian']],
  ] as const)('%s is not http to another machine, unless that is allowed', (name, sections) => {
    const env = { ...complete(), VAULT_KMS_KEY_ID: 'alias/vault' };
    for (const host of ['queue.example', '10.0.0.1', '127.example', '[2001:db8::1]']) {
      const plain = { ...env, [name]: `http://${host}/1/logins` };
      expect(names(problemsOf(plain, sections))).toEqual([name]);
      expect(problemsOf(plain, sections).join()).toContain('AWS_ALLOW_PLAIN_HTTP=true');
      expect(problemsOf({ ...plain, AWS_ALLOW_PLAIN_HTTP: 'true' }, sections)).toEqual([]);
    }
    for (const url of [
      'https://queue.example',
      'http://127.0.0.1:1',
      'http://localhost',
      'http://[::1]',
    ])
      expect(problemsOf({ ...env, [name]: url }, sections)).toEqual([]);
  });

  test.each(['AWS_ENDPOINT_URL_SECRETS_MANAGER', 'AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'])(
    '%s is not http to another machine when a keyring is in AWS Secrets Manager',
    (name) => {
      const { PAYLOAD_KEYS: _, ...env } = complete();
      const plain = { ...env, PAYLOAD_KEYS_SECRET_ID: 'keys', [name]: 'http://aws.example' };
      expect(names(problemsOf(plain, ['payloads']))).toEqual([name]);
    },
  );

  test.each([
    ['[default]', 'endpoint_url = http://aws.example', ''],
    ['[profile used]', 'endpoint_url=http://aws.example', ''],
    ['[profile used]', 'services = s', '[services s]\nsts =\n  endpoint_url = http://aws.example'],
    ['[profile used]', 'source_profile = b', '[profile b]\nendpoint_url = http://aws.example'],
    [
      '[profile used]',
      'source_profile = b',
      '[profile b]\nsource_profile = c\n[c]\nendpoint_url = http://aws.example',
    ],
    ['[profile "used"]', 'endpoint_url = http://aws.example ; a comment', ''],
    ['[profile used]', 'ec2_metadata_service_endpoint = http://aws.example', ''],
  ])('nor is the endpoint of the AWS profile: %s %s %s', async (title, line, more) => {
    const path = join(directory, 'aws-config');
    const used = title.includes('used') ? { AWS_PROFILE: 'used' } : {};
    const env = { ...complete(), AWS_CONFIG_FILE: path, ...used };
    await writeFile(path, `[profile other]\nendpoint_url = http://other.example\n`);
    expect(problemsOf(env, ['sqs'])).toEqual([]);
    await writeFile(path, `${title}\n${line}\n${more}\n`);
    expect(names(problemsOf(env, ['sqs']))).toEqual(['AWS_PROFILE:']);
    expect(problemsOf({ ...env, AWS_ALLOW_PLAIN_HTTP: 'true' }, ['sqs'])).toEqual([]);
  });

  test.each([
    ['AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://169.254.169.254'],
    ['AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://[fd00:ec2::254]'],
    ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.2/v2'],
    ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://[fd00:ec2::23]/v1/credentials'],
    ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://127.0.0.1:8080/'],
    ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'https://credentials.example/'],
  ])('credentials come from this machine or its own network, or over TLS: %s=%s', (name, url) => {
    const kms = { VAULT_KMS_KEY_ID: 'alias/vault' };
    for (const sections of [['sqs'], ['custodian']] as const) {
      const env = { ...complete(), ...kms };
      expect(problemsOf({ ...env, [name]: url }, sections)).toEqual([]);
      for (const host of ['aws.example', '10.0.0.1', '169.254.170.2.example', '[2001:db8::1]']) {
        const plain = { ...env, [name]: `http://${host}/` };
        expect(names(problemsOf(plain, sections)), host).toEqual([name]);
      }
      const queue = { ...env, AWS_ENDPOINT_URL_STS: 'http://169.254.170.2/' };
      expect(names(problemsOf(queue, sections))).toEqual(['AWS_ENDPOINT_URL_STS']);
    }
  });

  test('the path of container credentials does not name another host', () => {
    const name = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
    expect(problemsOf({ ...complete(), [name]: '/v2/credentials' }, ['sqs'])).toEqual([]);
    for (const path of ['@aws.example/', '.aws.example/', ':80@aws.example/']) {
      expect(names(problemsOf({ ...complete(), [name]: path }, ['sqs']))).toEqual([name]);
    }
  });

  test('headers of metrics are not sent by http to another machine, unless that is allowed', () => {
    const otlp = { ...complete(), WORKER_OTLP_ENDPOINT: 'http://otlp.example:4317' };
    expect(problemsOf(otlp)).toEqual([]);
    const env = { ...otlp, WORKER_OTLP_HEADERS: 'authorization=secret' };
    expect(names(problemsOf(env))).toEqual(['WORKER_OTLP_HEADERS']);
    expect(problemsOf({ ...env, WORKER_OTLP_ALLOW_PLAIN_HTTP: 'true' })).toEqual([]);
    expect(problemsOf({ ...env, WORKER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' })).toEqual([]);
  });

  test('a header for Temporal is not sent to another machine without TLS, unless that is allowed', async () => {
    const address = { TEMPORAL_ADDRESS: 'temporal.example:7233' };
    const env = { ...address, TEMPORAL_GRPC_META_AUTHORIZATION: 'Bearer secret' };
    const expectRefused = (plain: Env) => {
      expect(names(problemsOf(plain, ['temporal']))).toEqual(['TEMPORAL_GRPC_META_AUTHORIZATION']);
      const allowed = { ...plain, TEMPORAL_ALLOW_PLAIN_API_KEY: 'true' };
      expect(problemsOf(allowed, ['temporal'])).toEqual([]);
      expect(problemsOf({ ...plain, TEMPORAL_TLS: 'true' }, ['temporal'])).toEqual([]);
      const local = { ...plain, TEMPORAL_ADDRESS: 'localhost:7233' };
      expect(problemsOf(local, ['temporal'])).toEqual([]);
    };
    expectRefused(env);
    const path = join(directory, 'temporal.toml');
    const profile = '[profile.default]\ngrpc_meta = { authorization = "Bearer secret" }\n';
    await writeFile(path, profile);
    expectRefused({ ...address, TEMPORAL_CONFIG_FILE: path });
  });

  test('an API key is not sent to another machine without TLS, unless that is allowed', () => {
    const env = { TEMPORAL_API_KEY: 'secret', TEMPORAL_ADDRESS: 'temporal.example:7233' };
    expect(problemsOf(env, ['temporal'])).toEqual([]);
    const plain = { ...env, TEMPORAL_TLS: 'false' };
    expect(names(problemsOf(plain, ['temporal']))).toEqual(['TEMPORAL_API_KEY']);
    expect(problemsOf(plain, ['temporal']).join()).toContain('TEMPORAL_ALLOW_PLAIN_API_KEY=true');
    expect(problemsOf({ ...plain, TEMPORAL_ALLOW_PLAIN_API_KEY: 'true' }, ['temporal'])).toEqual(
      [],
    );
    expect(problemsOf({ ...plain, TEMPORAL_ADDRESS: '[::1]:7233' }, ['temporal'])).toEqual([]);
  });
});

describe('what is sent in a header is one line of printable characters', () => {
  test.each([
    ['AWS_ACCESS_KEY_ID', 'sqs'],
    ['AWS_SECRET_ACCESS_KEY', 'sqs'],
    ['AWS_SESSION_TOKEN', 'sqs'],
    ['AWS_CONTAINER_AUTHORIZATION_TOKEN', 'sqs'],
    ['AWS_SESSION_TOKEN', 'custodian'],
    ['TEMPORAL_API_KEY', 'temporal'],
    ['TEMPORAL_GRPC_META_AUTHORIZATION', 'temporal'],
    ['WORKER_OTLP_HEADERS', 'worker'],
  ] as const)('%s (%s)', (name, section) => {
    const env = section === 'custodian' ? { VAULT_KMS_KEY_ID: 'alias/vault' } : complete();
    for (const value of ['s3cret\r\nx-evil: 1', 's3cret\u0000', 's3cret\u001b[2J', 's3crét']) {
      const problems = problemsOf({ ...env, [name]: value }, [section]);
      expect(names(problems), JSON.stringify(value)).toEqual([name]);
      expect(problems.join()).not.toContain('s3cr');
    }
  });

  test('also where the AWS SDK would not trim it', () => {
    for (const value of ['key\n', ' key', 'a key']) {
      const problems = problemsOf({ ...complete(), AWS_ACCESS_KEY_ID: value }, ['sqs']);
      expect(names(problems)).toEqual(['AWS_ACCESS_KEY_ID']);
    }
  });
});

describe('what opens the vault', () => {
  test.each(['VAULT_PRIVATE_KEY', 'VAULT_PRIVATE_KEY_FILE', 'VAULT_KMS_KEY_ID'])(
    'is refused where a worker is configured: %s',
    (name) => {
      const problems = problemsOf({ ...complete(), [name]: privateKey() });
      expect(names(problems)).toEqual([name]);
      expect(problems.join()).toMatch(/a worker must not hold it/);
      expect(problems.join()).not.toContain('BEGIN');
    },
  );

  test('is a key that is here or one in KMS, and not both', () => {
    const read = (env: Env) => loadConfig(['custodian'], env).custodian;
    expect(read({ VAULT_PRIVATE_KEY: privateKey() })).toHaveProperty('privateKey.id');
    expect(read({ VAULT_KMS_KEY_ID: 'alias/vault' })).toEqual({ kmsKeyId: 'alias/vault' });
    const both = { VAULT_PRIVATE_KEY: privateKey(), VAULT_KMS_KEY_ID: 'alias/vault' };
    expect(names(problemsOf(both, ['custodian']))).toEqual(['VAULT_KMS_KEY_ID']);
    expect(names(problemsOf({}, ['custodian']))).toEqual(['VAULT_PRIVATE_KEY']);
  });

  test('is no public key', () => {
    const env = { VAULT_PRIVATE_KEY: keys[KEY_FILE_NAMES.vaultPublicKey] as string };
    const [problem] = problemsOf(env, ['custodian']);
    expect(problem).toMatch(/^VAULT_PRIVATE_KEY holds the public key/);
    expect(problem).not.toContain('BEGIN');
  });
});

describe('every secret may come from a file', () => {
  const reachedBy: Readonly<Record<string, (config: Config) => unknown>> = {
    DATABASE_URL: ({ postgres }) => postgres.host,
    PGPASSWORD: ({ postgres }) => postgres.password,
    TEMPORAL_API_KEY: ({ temporal }) => temporal.connectionOptions.apiKey,
    MASKING_KEYS: ({ masking }) => masking.keys?.keys.get('test')?.export().toString('hex'),
    PAYLOAD_KEYS: ({ payloads }) => payloads.keys.keys.get('test')?.export().toString('hex'),
    VAULT_PUBLIC_KEY: ({ vault }) => vault.publicKey.id,
    VAULT_PRIVATE_KEY: ({ custodian }) => 'privateKey' in custodian && custodian.privateKey.id,
    WORKER_OTLP_HEADERS: ({ worker }) => worker.otlp?.headers.authorization,
  };
  // Those of the servers are in test/codec-server/settings.parts.test.ts and test/api/settings.test.ts.
  const secrets = SETTINGS.filter(
    ({ secret, section }) => secret && section !== 'codecServer' && section !== 'api',
  ).map(({ name }) => name);

  /** The environment in which the secret is used, with some value for it. */
  function withSecret(name: string): Env {
    if (name === 'PGPASSWORD') {
      return { ...without(complete(), 'DATABASE_URL'), PGHOST: 'db.example', PGPASSWORD: 'secret' };
    }
    if (name === 'VAULT_PRIVATE_KEY') return { VAULT_PRIVATE_KEY: privateKey() };
    if (name === 'WORKER_OTLP_HEADERS') {
      const endpoint = { WORKER_OTLP_ENDPOINT: 'https://otlp.example:4317' };
      return { ...complete(), ...endpoint, [name]: 'authorization=Bearer secret' };
    }
    return { ...complete(), [name]: complete()[name] ?? 'secret' };
  }

  /** A worker has no use for the private key, and refuses it. */
  const sectionsOf = (name: string): readonly Section[] =>
    name === 'VAULT_PRIVATE_KEY' ? ['custodian'] : ALL;

  async function inFile(env: Env, name: string): Promise<Env> {
    const path = join(directory, name);
    // As editors and `kubectl create secret` leave it.
    await writeFile(path, `${env[name]}\n`);
    return { ...without(env, name), [`${name}_FILE`]: path };
  }

  test('the list below has them all', () => {
    expect(Object.keys(reachedBy).sort()).toEqual([...secrets].sort());
  });

  test.each(secrets)('%s_FILE', async (name) => {
    const env = withSecret(name);
    const value = reachedBy[name]?.(loadConfig(sectionsOf(name), env) as Config);
    expect(value).toBeTruthy();
    expect(reachedBy[name]?.(loadConfig(sectionsOf(name), await inFile(env, name)) as Config)).toBe(
      value,
    );
  });

  test.each(secrets)('%s_FILE names a file that is not there', (name) => {
    const env = { ...without(withSecret(name), name), [`${name}_FILE`]: join(directory, 'none') };
    expect(problemsOf(env, sectionsOf(name))).toEqual([
      `${name}_FILE names a file that cannot be read (ENOENT)`,
    ]);
  });

  test.each(secrets)('%s_FILE names a file with nothing in it', async (name) => {
    const env = await inFile({ ...withSecret(name), [name]: '' }, name);
    expect(names(problemsOf(env, sectionsOf(name)))).toEqual([`${name}_FILE`]);
  });

  test.each(secrets)('%s beside its file: one too many', async (name) => {
    const env = withSecret(name);
    const both = { ...env, ...(await inFile(env, name)), [name]: env[name] as string };
    const problems = problemsOf(both, sectionsOf(name));
    expect(names(problems)).toEqual([name]);
  });
});
