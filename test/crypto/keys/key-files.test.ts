import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { parseKeyring } from '../../../src/crypto/keys/keyring.ts';
import { writeKeyFiles } from '../../../src/crypto/keys/write-key-files.ts';
import {
  newDataKey,
  parseVaultPublicKey,
  sealBody,
} from '../../../src/crypto/vault/vault-envelope.ts';
import { openBody, parseVaultPrivateKey } from '../../../src/crypto/vault/vault-opener.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';

const keys = await generateKeys('test');
const file = (name: keyof typeof KEY_FILE_NAMES): string => keys[KEY_FILE_NAMES[name]] ?? '';

async function emptyDirectory(): Promise<string> {
  const directory = await makeTestDirectory('keys');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

test('generated keys are taken as they are: two keyrings, and a vault that opens what it seals', async () => {
  for (const name of ['maskingKeys', 'payloadKeys'] as const) {
    expect(parseKeyring(file(name))).toMatchObject({ activeId: 'test' });
  }
  const vault = parseVaultPublicKey(file('vaultPublicKey'));
  const sealed = sealBody(newDataKey(vault), 'text', 'context');
  expect(await openBody(sealed, parseVaultPrivateKey(file('vaultPrivateKey')), 'context')).toBe(
    'text',
  );
});

test('each call generates other keys', async () => {
  const others = await generateKeys('test');
  for (const name of Object.keys(keys)) expect(others[name]).not.toBe(keys[name]);
  expect(file('maskingKeys')).not.toBe(file('payloadKeys'));
});

const hasFileModes = process.platform !== 'win32';

test.runIf(hasFileModes)('key files can be read by their owner only', async () => {
  const directory = join(await emptyDirectory(), 'made', 'on', 'demand');
  const paths = await writeKeyFiles(directory, keys);
  expect(paths).toEqual(Object.keys(keys).map((name) => join(directory, name)));
  for (const path of paths) expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
});

test('existing key files are never overwritten', async () => {
  const directory = await emptyDirectory();
  await writeKeyFiles(directory, keys);
  await expect(writeKeyFiles(directory, await generateKeys('other'))).rejects.toThrow('EEXIST');
  for (const [name, content] of Object.entries(keys)) {
    expect(await readFile(join(directory, name), 'utf8')).toBe(content);
  }
});
