import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makeTestDirectory } from '../support/test-directory.ts';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/verify-node.mjs');
const INSTALLED = resolve(import.meta.dirname, '../../node_modules/node');

let root: string;
let installed: string;

beforeEach(async () => {
  root = await makeTestDirectory('verify-node');
  onTestFinished(() => rm(root, { recursive: true }));
  installed = join(root, 'node_modules/node');
  await mkdir(join(installed, 'bin'), { recursive: true });
  await mkdir(join(root, 'node_modules/.bin'));
  await symlink('../node/bin/node', join(root, 'node_modules/.bin/node'));
  await copyFile(join(INSTALLED, 'package.json'), join(installed, 'package.json'));
});

const verify = () => promisify(execFile)(process.execPath, [SCRIPT, root]);

test.runIf(existsSync(INSTALLED))('the Node of this checkout is the pinned one', async () => {
  await copyFile(join(INSTALLED, 'bin/node'), join(installed, 'bin/node'));
  await verify();
  expect(existsSync(join(installed, 'bin/node'))).toBe(true);
});

test('a binary with another hash is removed, and the installation fails', async () => {
  await writeFile(join(installed, 'bin/node'), 'planted');
  await expect(verify()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not the pinned one'),
  });
  expect(existsSync(installed)).toBe(false);
});

test('without the package, as in the image, there is nothing to verify', async () => {
  await rm(installed, { recursive: true });
  await verify();
});
