import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { makeTestDirectory } from '../support/test-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, manifest.bin['login-etl']);

/** The folder of a Node on the PATH that is older than ours and comes with npm. */
const older = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => existsSync(join(folder, 'node')) && existsSync(join(folder, 'npx')))
  .find((folder) => {
    const { stdout } = spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' });
    return Number.parseInt(stdout.slice(1), 10) < 24;
  });

let cache: string;
beforeAll(async () => {
  cache = await makeTestDirectory('npx');
});
afterAll(() => rm(cache, { recursive: true, force: true }));

test('npm on Node 20 accepts the package', () => {
  expect(manifest.engines.node).toBe('>=20');
});

describe.skipIf(older === undefined)('on a Node that is too old for the program', () => {
  const folder = older ?? '';
  const run = (command: string, args: string[]) =>
    spawnSync(command, args, {
      cwd: ROOT,
      env: { PATH: `${folder}${delimiter}/usr/bin${delimiter}/bin`, npm_config_cache: cache },
      encoding: 'utf8',
    });

  test('npx runs the program of the checkout with its own Node, without a warning', () => {
    const { status, stdout, stderr } = run(join(folder, 'npx'), ['login-etl', '--version']);
    expect([status, stdout, stderr]).toEqual([0, `${manifest.version}\n`, '']);
  });

  // npx runs on Node, which otherwise takes the option and ends with "not found".
  test('after `npx --`, an --env-file that is not there is an error of the program', () => {
    const args = ['--', 'login-etl', '--env-file', 'nowhere', 'status'];
    const { status, stderr } = run(join(folder, 'npx'), args);
    expect([status, stderr]).toEqual([1, expect.stringContaining('nowhere cannot be opened')]);
  });

  test('without its own Node the program says what it needs', () => {
    const { status, stdout, stderr } = run(join(folder, 'node'), [LAUNCHER, 'status']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: login-etl needs Node 24 or newer\n {2}why: this is Node \d+/);
    expect(stderr).toContain('npm ci');
  });
});
