import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Config, ConfigError, loadConfig } from '../../src/config/config.ts';
import type { Section } from '../../src/config/settings.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { line } from '../../src/config/value-parsers.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../src/crypto/keys/generate-keys.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { sqsClient } from '../../src/queue/sqs-client.ts';
import { lazyConnection } from '../../src/temporal/connect-client.ts';

const MARK = 'q7Zx';
const WRONG = [
  MARK,
  `http://${MARK}.example:7233`,
  `http://127.0.0.1:7233/${MARK}`,
  `${MARK}:7233/`,
  `${MARK}:70000`,
  `${MARK}:-1`,
  `[${MARK}]:7233`,
  `[::1:7233 ${MARK}`,
  `mysql://user:${MARK}@host/db`,
  `postgres://user:${MARK}#@host/db`,
  `postgres://user:${MARK}%@host:port/db`,
  `postgres://user@host/db?${MARK}=1`,
  `ftp://${MARK}`,
  `-1 ${MARK}`,
  `1e3${MARK}`,
  `${MARK},,=`,
  `{"active":"${MARK}"`,
  `{"active":"${MARK}","keys":{"${MARK}":1}}`,
  `[null,"${MARK}"]`,
  `/nowhere/${MARK}`,
  `${MARK}\n${MARK}`,
  `${MARK}\u0000`,
  `\u001b]52;c;${MARK}\u0007`,
  `💥${MARK}\ud800`,
  `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----`,
  `-----BEGIN CERTIFICATE-----\n${MARK}\n-----END CERTIFICATE-----`,
  `%${MARK}%00`,
  MARK.repeat(5_000),
];

const NO_ADDRESSES = [
  'host:99999',
  'host:65536',
  'host:-1',
  'host:',
  ':7233',
  '999.1.1.1:7233',
  '1.2.3:7233',
  '127.1:7233',
  '2130706433:7233',
  '0x7f000001:7233',
  'host.123:7233',
  '::1:7233',
  '::1',
  '[::1]]:7233',
  '[::g]:7233',
  '[127.0.0.1]:7233',
  '[fe80::1%eth0]:7233',
  'user@host:7233',
  'host:7233:1',
  'host 7233',
  'ho st:7233',
  'http://host:7233',
  'dns:///host:7233',
  'host:7233/',
  'höst:7233',
  'host：7233',
  'host..example:7233',
  '.host:7233',
  '-host:7233',
  `${'a'.repeat(64)}:7233`,
  `${'a.'.repeat(127)}a:7233`,
  'host:0x10',
  'host:7233?x',
];

const keys = await generateKeys('test');
const COMPLETE: Readonly<Record<Section, Record<string, string>>> = {
  sqs: { AWS_REGION: 'eu-central-1' },
  postgres: { DATABASE_URL: 'postgres://user:password@127.0.0.1/logins' },
  temporal: {},
  masking: { MASKING_KEYS: keys[KEY_FILE_NAMES.maskingKeys] as string },
  payloads: { PAYLOAD_KEYS: keys[KEY_FILE_NAMES.payloadKeys] as string },
  vault: { VAULT_PUBLIC_KEY: keys[KEY_FILE_NAMES.vaultPublicKey] as string },
  custodian: { VAULT_PRIVATE_KEY: keys[KEY_FILE_NAMES.vaultPrivateKey] as string },
  retention: {},
  codecServer: { CODEC_SERVER_TOKEN: 'x'.repeat(32) },
  api: {
    API_TOKENS: `[{"name":"test","scopes":["logins:read"],"token":"${'x'.repeat(32)}"}]`,
  },
  worker: {},
};

/** What the settings are given when they are read in another way than beside the complete ones. */
function environmentWith(section: Section, name: string, value: string): Record<string, string> {
  if (name.startsWith('PG')) return { PGHOST: 'db.example', [name]: value };
  if (name === 'WORKER_OTLP_HEADERS') return { WORKER_OTLP_ENDPOINT: 'http://x', [name]: value };
  if (name === 'VAULT_KMS_KEY_ID') return { [name]: value };
  return { ...COMPLETE[section], [name]: value };
}

/** Settings that may be any line of text, or of which a part may be. */
const FREE = new Set([
  'DATABASE_URL',
  'TEMPORAL_API_KEY',
  'PGHOST',
  'CODEC_SERVER_TOKEN',
  'CODEC_SERVER_JWT_CLAIM',
  'API_JWT_CLAIM',
  'API_SECRET',
]);

/** That the clients take it, too. Nothing is connected to. */
async function openClients({ sqs, postgres, temporal }: Partial<Config>): Promise<void> {
  if (sqs) sqsClient(sqs).destroy();
  if (postgres) await postgresPool(postgres, { applicationName: 'test' }).end();
  if (temporal) await lazyConnection(temporal).close();
}

describe('a wrong value', () => {
  // An id is only looked up in AWS.
  const settings = SETTINGS.filter(({ name }) => !name.endsWith('_SECRET_ID'));

  test.each(settings)('of $name is refused by its name, and never repeated', async (setting) => {
    const { name, section, parse } = setting;
    let refused = 0;
    for (const value of WRONG) {
      try {
        await openClients(loadConfig([section], environmentWith(section, name, value)));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        refused += 1;
        expect(error.message).not.toContain(MARK);
        expect(error.message).toMatch(new RegExp(`\\b${name}\\b`));
      }
    }
    if (parse !== line && !FREE.has(name)) expect(refused).toBeGreaterThanOrEqual(20);
  });

  const ADDRESSES = SETTINGS.filter(({ name }) => name.endsWith('_ADDRESS'));
  // Several settings of a section are declared for several programs.
  const names = [...new Set(ADDRESSES.map(({ name }) => name))];

  test.each(names)('of %s is refused if it is no address', (name) => {
    const { section } = ADDRESSES.find((each) => each.name === name) as (typeof ADDRESSES)[number];
    for (const value of NO_ADDRESSES) {
      const read = () => loadConfig([section], environmentWith(section, name, value));
      expect(read, value).toThrow(ConfigError);
      expect(read, value).toThrow(new RegExp(`\\b${name} must be an .*address`));
    }
    for (const value of ['127.0.0.1:7233', ' 127.0.0.1:7233 ', '[::1]:7233', '127.0.0.1:65535']) {
      expect(() => loadConfig([section], environmentWith(section, name, value))).not.toThrow();
    }
  });

  test('of a host of Postgres is refused', () => {
    for (const host of ['999.1.1.1', '1.2.3', 'a..b', '-a', 'höst', 'h ost']) {
      expect(() => loadConfig(['postgres'], { PGHOST: host }), host).toThrow(/PGHOST/);
      const url = `postgres://u:p@${host}/d`;
      expect(() => loadConfig(['postgres'], { DATABASE_URL: url }), url).toThrow(/DATABASE_URL/);
    }
    for (const port of ['0', '65536', '99999']) {
      const url = `postgres://u:p@h:${port}/d`;
      expect(() => loadConfig(['postgres'], { DATABASE_URL: url }), url).toThrow(/DATABASE_URL/);
    }
    expect(() => loadConfig(['postgres'], { DATABASE_URL: 'postgres://u:p@h/d?port=x' })).toThrow(
      /DATABASE_URL/,
    );
  });

  test('with spaces around it is read without them', () => {
    const { temporal } = loadConfig(['temporal'], { TEMPORAL_ADDRESS: ' host:7233\t' });
    expect(temporal.connectionOptions.address).toBe('host:7233');
  });

  test('of a port is 0, except where the server says which port it got', () => {
    const { codecServer } = loadConfig(
      ['codecServer'],
      environmentWith('codecServer', 'CODEC_SERVER_ADDRESS', '127.0.0.1:0'),
    );
    expect(codecServer.listen).toEqual({ host: '127.0.0.1', port: 0 });
    for (const name of ['WORKER_METRICS_ADDRESS', 'WORKER_HEALTH_ADDRESS']) {
      expect(() => loadConfig(['worker'], { [name]: '127.0.0.1:0' })).toThrow(name);
    }
    expect(() => loadConfig(['temporal'], { TEMPORAL_ADDRESS: 'host:0' })).toThrow(
      /TEMPORAL_ADDRESS/,
    );
  });

  test('in a file is refused in the same way', { timeout: 60_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'login-etl-wrong-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'secret');
    for (const { name, section } of settings.filter(({ secret }) => secret)) {
      for (const value of WRONG) {
        await writeFile(path, value);
        const env = environmentWith(section, `${name}_FILE`, path);
        delete env[name];
        try {
          loadConfig([section], env);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.message).toContain(name);
          expect(error.message).not.toContain(MARK);
        }
      }
    }
  });
});
