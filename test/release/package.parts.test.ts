import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { makeTestDirectory } from '../support/test-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MINUTES = 60_000;

let empty: string;

function run(program: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: {
      HOME: process.env.HOME,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    },
  });
  expect([status, stderr]).toEqual([0, expect.anything()]);
  return stdout;
}

/** Into an empty folder, from the tarball that `npm pack` makes. */
beforeAll(async () => {
  empty = await makeTestDirectory('package');
  run('npm', ['pack', '--pack-destination', empty], ROOT);
  const tarball = join(empty, `login-etl-${manifest.version}.tgz`);
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], empty);
}, 5 * MINUTES);
afterAll(() => rm(empty, { recursive: true, force: true }));

const loginEtl = (...args: string[]) => run('npx', ['--no-install', 'login-etl', ...args], empty);

test('the installed program runs', () => {
  expect(loginEtl('--version')).toBe(`${manifest.version}\n`);
  expect(loginEtl('--help')).toContain('Usage: login-etl ');
});

test('the files that the program loads by path are in the package', () => {
  const lib = join(empty, 'node_modules/login-etl/lib');
  const named = globSync('**/*.js', { cwd: lib }).flatMap((file) =>
    [...readFileSync(join(lib, file), 'utf8').matchAll(/new URL\('(\.[^']+)', import/g)].map(
      ([, path = '']) => join(lib, dirname(file), path),
    ),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test('the installed package builds the bundle of the workflows', () => {
  const code = `
    const { bundleWorkflows } = await import('./node_modules/login-etl/lib/temporal/worker/bundle-workflows.js');
    console.log((await bundleWorkflows()).code.includes('ingestLogins'));`;
  expect(run(process.execPath, ['--input-type=module', '--eval', code], empty)).toBe('true\n');
});

test('it is installed without an install script of its own', () => {
  const { scripts } = manifest as { scripts: Record<string, string> };
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
