import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import type { Section } from '../../src/config/settings.ts';
import {
  generateKeys,
  KEY_FILE_NAMES,
  type KeyFiles,
} from '../../src/crypto/keys/generate-keys.ts';

/** As Windows' Notepad and PowerShell save text. */
const ENCODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-8 with a byte-order mark': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
};

let directory: string;
let keys: KeyFiles;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'login-etl-bom-'));
  keys = await generateKeys('test');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.each(Object.entries(ENCODINGS))('a file in %s', (_, encode) => {
  async function file(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, encode(text));
    return path;
  }

  test.each(['loadEnvironmentFile', 'adoptEnvironmentFile'])(
    'of settings keeps its first one (%s)',
    async (load) => {
      const path = await file('env', 'AWS_REGION=eu-west-1\r\nSQS_QUEUE_NAME=other\r\n');
      const module = JSON.stringify(
        new URL('../../src/config/process-environment.ts', import.meta.url),
      );
      const program = `
        const settings = await import(${module});
        settings[process.argv[1]](process.argv[2]);
        console.log(process.env.AWS_REGION, process.env.SQS_QUEUE_NAME);`;
      const args = ['--input-type=module', '-e', program, load, path];
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: { PATH: process.env.PATH },
      });
      expect(stdout).toBe('eu-west-1 other\n');
    },
  );

  test.each<[name: string, section: Section, file: string, read: (config: Config) => unknown]>([
    ['MASKING_KEYS', 'masking', KEY_FILE_NAMES.maskingKeys, ({ masking }) => masking.keys],
    ['PAYLOAD_KEYS', 'payloads', KEY_FILE_NAMES.payloadKeys, ({ payloads }) => payloads.keys],
    ['VAULT_PUBLIC_KEY', 'vault', KEY_FILE_NAMES.vaultPublicKey, ({ vault }) => vault.publicKey],
    [
      'VAULT_PRIVATE_KEY',
      'custodian',
      KEY_FILE_NAMES.vaultPrivateKey,
      (config) => config.custodian,
    ],
  ])('of %s is read as without', async (name, section, key, read) => {
    const path = await file(key, keys[key] as string);
    expect(read(loadConfig([section], { [`${name}_FILE`]: path }) as Config)).toBeTruthy();
  });
});
