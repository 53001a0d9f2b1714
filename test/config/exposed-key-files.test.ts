import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { exposedKeyFiles } from '../../src/config/exposed-key-files.ts';

const directories: string[] = [];
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'key-files-'));
  directories.push(directory);
  path = join(directory, 'key');
  await writeFile(path, 'x', { mode: 0o600 });
});
afterAll(() => Promise.all(directories.map((each) => rm(each, { recursive: true }))));

const exposed = (name = 'MASKING_KEYS_FILE') =>
  exposedKeyFiles(['masking', 'payloads', 'vault', 'custodian', 'postgres'], { [name]: path });

test('a key file that only its owner can read, in a directory of its own, is not reported', () => {
  expect(exposed()).toEqual([]);
});

test.each([
  'MASKING_KEYS_FILE',
  'PAYLOAD_KEYS_FILE',
  'VAULT_PRIVATE_KEY_FILE',
  'DATABASE_URL_FILE',
])('%s that others can read is named, with its mode', async (name) => {
  await chmod(path, 0o644);
  expect(exposed(name)).toEqual([expect.stringMatching(`^${name} .*read .0644.: chmod 600$`)]);
});

test('a public key may be readable for everyone, but not writable', async () => {
  await chmod(path, 0o644);
  expect(exposed('VAULT_PUBLIC_KEY_FILE')).toEqual([]);
  await chmod(path, 0o664);
  expect(exposed('VAULT_PUBLIC_KEY_FILE')).toEqual([expect.stringContaining('can change')]);
});

test.skipIf(process.getuid?.() !== 0)(
  'its group may read a file that root owns, as Kubernetes mounts it, and no other',
  async () => {
    await chmod(path, 0o440);
    expect(exposed()).toEqual([]);
    await chown(path, 1234, 1234);
    expect(exposed()).toEqual([expect.stringContaining('can read')]);
  },
);

describe('a directory where others can replace the file', () => {
  test.each([0o777, 0o775])('is named (%o)', async (mode) => {
    await chmod(directory, mode);
    expect(exposed()).toEqual([expect.stringContaining('can replace')]);
  });

  test('is not one with the sticky bit, such as /tmp', async () => {
    await chmod(directory, 0o1777);
    expect(exposed()).toEqual([]);
  });
});

test('a file that is not there is left to the reader of its section', async () => {
  await rm(path);
  expect(exposed()).toEqual([]);
});
