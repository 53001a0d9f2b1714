import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';

const FILES = Object.values(KEY_FILE_NAMES).toSorted();
let directory: string;
let out: string;

beforeEach(async () => {
  directory = await makeTestDirectory('keys');
  out = join(directory, 'secrets');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('keys generate', () => {
  test('writes all keys, for their owner only, and shows no part of them', async () => {
    const { exitCode, stdout } = await loginEtl({}, ['keys', 'generate', '--out', out]);
    expect(exitCode).toBe(0);
    expect((await readdir(out)).toSorted()).toEqual(FILES);
    for (const name of FILES) {
      expect(stdout).toContain(join(out, name));
      expect((await stat(join(out, name))).mode & 0o077).toBe(0);
    }
    const { active, keys } = JSON.parse(await readFile(join(out, 'payload-keys.json'), 'utf8'));
    expect(active).toBe(new Date().toISOString().slice(0, 7));
    expect(stdout).not.toContain(keys[active]);
  });

  test('refuses a directory where other users can write', async () => {
    await mkdir(out);
    await chmod(out, 0o777);
    const { exitCode, stderr } = await loginEtl({}, ['keys', 'generate', '--out', out]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('other users can write to');
    expect(await readdir(out)).toEqual([]);
  });

  test("does not list the private key among the worker's files", async () => {
    const { stdout } = await loginEtl({}, ['keys', 'generate', '--out', out]);
    const [forTheWorker, forTheCustodian] = stdout.split('For the custodian only');
    expect(forTheWorker).not.toContain('vault-private.pem');
    expect(forTheCustodian).toContain('vault-private.pem');
  });

  test('names the keys by --id', async () => {
    await loginEtl({}, ['keys', 'generate', '--out', out, '--id', 'first']);
    const masking = JSON.parse(await readFile(join(out, 'masking-keys.json'), 'utf8'));
    expect([masking.active, Object.keys(masking.keys)]).toEqual(['first', ['first']]);
  });

  test.each(['a b', '', 'sha256'])('takes no id that a keyring would refuse: %j', async (id) => {
    const { exitCode, stderr } = await loginEtl({}, ['keys', 'generate', '--out', out, '--id', id]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--id');
    await expect(readdir(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(FILES)('writes nothing if the directory has %s', async (name) => {
    await writeFile(join(directory, name), 'in use');
    const { exitCode, stderr } = await loginEtl({}, ['keys', 'generate', '--out', directory]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(name);
    expect(await readdir(directory)).toEqual([name]);
    expect(await readFile(join(directory, name), 'utf8')).toBe('in use');
  });
});
