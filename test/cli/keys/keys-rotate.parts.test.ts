import { chmod, lstat, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

type Ring = { use: string; active: string; keys: Record<string, string> };

const MONTH = new Date().toISOString().slice(0, 7);
let directory: string;
let masking: string;
let payload: string;

beforeEach(async () => {
  directory = await makeTestDirectory('rotate');
  await loginEtl({}, ['keys', 'generate', '--out', directory, '--id', 'first']);
  masking = join(directory, 'masking-keys.json');
  payload = join(directory, 'payload-keys.json');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ring = async (path: string): Promise<Ring> => JSON.parse(await readFile(path, 'utf8'));

const rotate = (env: Record<string, string>, ...args: string[]) =>
  loginEtl(env, ['keys', 'rotate', ...args]);

describe('keys rotate', () => {
  test('adds a key to the file, makes it active, keeps the old, and shows no part of either', async () => {
    const before = await ring(payload);
    const { exitCode, stdout, stderr } = await rotate({ PAYLOAD_KEYS_FILE: payload }, 'payload');
    expect(exitCode, stderr).toBe(0);
    const after = await ring(payload);
    expect(after.active).toBe(MONTH);
    expect(after.keys).toEqual({ ...before.keys, [MONTH]: expect.any(String) });
    expect((await stat(payload)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).not.toContain('payload-keys.json.new');
    for (const key of Object.values(after.keys)) expect(stdout + stderr).not.toContain(key);
    expect(stdout).toContain('older keys still decode');
  });

  test('a second time in the same month, the id has a number', async () => {
    const env = { MASKING_KEYS_FILE: masking };
    const ids = [];
    for (let time = 0; time < 3; time += 1) {
      ids.push(jsonOf<{ id: string }>(await rotate(env, 'masking', '--json')).id);
    }
    expect(ids).toEqual([MONTH, `${MONTH}.2`, `${MONTH}.3`]);
    expect(Object.keys((await ring(masking)).keys)).toHaveLength(4);
  });

  test('names the command that re-masks existing rows', async () => {
    const { stdout } = await rotate({ MASKING_KEYS_FILE: masking }, 'masking');
    expect(stdout).toContain('login-etl remask start');
  });

  test.each(['first', 'a b', 'sha256'])(
    'refuses an id that exists or is invalid: %j',
    async (id) => {
      const before = await readFile(masking, 'utf8');
      const { exitCode, stderr } = await rotate(
        { MASKING_KEYS_FILE: masking },
        ...['masking', '--id', id],
      );
      expect(exitCode).toBe(2);
      expect(stderr).toContain('--id');
      expect(await readFile(masking, 'utf8')).toBe(before);
    },
  );

  test('follows a link to the file, and takes a file that others may read from them', async () => {
    const link = join(directory, 'link.json');
    await symlink(payload, link);
    await chmod(payload, 0o644);
    expect((await rotate({ PAYLOAD_KEYS_FILE: link }, 'payload')).exitCode).toBe(0);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await ring(payload)).active).toBe(MONTH);
    expect((await stat(payload)).mode & 0o777).toBe(0o600);
  });

  test('two concurrent calls lose no key', async () => {
    const env = { PAYLOAD_KEYS_FILE: payload };
    await writeFile(`${payload}.new`, 'of another rotation');
    const { exitCode, stderr } = await rotate(env, 'payload');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('EEXIST');
    expect((await ring(payload)).active).toBe('first');
    expect(await readFile(`${payload}.new`, 'utf8')).toBe('of another rotation');
  });

  test('shows no new keyring of an environment variable: it goes to a file of its owner', async () => {
    const env = { PAYLOAD_KEYS: await readFile(payload, 'utf8') };
    const refused = await rotate(env, 'payload');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--out');
    const out = join(directory, 'new.json');
    const { exitCode, stdout } = await rotate(env, 'payload', '--out', out);
    expect(exitCode).toBe(0);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const { keys } = await ring(out);
    expect(Object.keys(keys)).toEqual(['first', MONTH]);
    for (const key of Object.values(keys)) {
      expect(stdout + refused.stdout + refused.stderr).not.toContain(key);
    }
    expect((await rotate(env, 'payload', '--out', out)).exitCode).toBe(1);
  });

  test('has nothing to do if masking uses no key', async () => {
    const { exitCode, stderr } = await rotate({ MASKING_MODE: 'sha256' }, 'masking');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('MASKING_MODE');
  });
});

describe('a keyring in the setting of another is refused, with its name', () => {
  test.each([
    ['masking keys as payload keys', () => ({ PAYLOAD_KEYS_FILE: masking }), 'payload'],
    ['payload keys as masking keys', () => ({ MASKING_KEYS_FILE: payload }), 'masking'],
  ])('%s', async (_what, env, use) => {
    const { exitCode, stderr } = await rotate(env(), use);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/(PAYLOAD|MASKING)_KEYS holds (masking|payload) keys/);
  });

  test('a key that both have', async () => {
    const { use: _, ...unmarked } = await ring(masking);
    await writeFile(payload, JSON.stringify(unmarked));
    const { exitCode, stderr } = await loginEtl(
      { MASKING_KEYS_FILE: masking, PAYLOAD_KEYS_FILE: payload },
      ['keys', 'list', '--no-tables'],
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain('PAYLOAD_KEYS key first is also a key of MASKING_KEYS');
    expect(stderr).not.toContain(Object.values(unmarked.keys)[0]);
  });
});
