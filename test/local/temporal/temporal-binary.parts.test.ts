import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { buildTemporal } from '../../../src/local/temporal/build-temporal.ts';
import { defaultCacheDirectory } from '../../../src/local/temporal/cache-directory.ts';
import type { ObtainTemporal } from '../../../src/local/temporal/obtain-temporal.ts';
import { findTemporalBinary } from '../../../src/local/temporal/temporal-binary.ts';
import { writeProgram } from '../process/program.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** Stands in for the download and the build: no test here touches the network. */
const obtain = vi.fn<ObtainTemporal>(({ directory }) =>
  writeProgram(join(directory, 'fresh'), 'echo temporal version 1'),
);
const fail: ObtainTemporal = () => Promise.reject(new Error('The download: no network'));

async function places() {
  obtain.mockClear();
  const root = await temporaryDirectory();
  const onPath = join(root, 'on-path');
  const cacheDirectory = join(root, 'cache');
  await Promise.all([mkdir(onPath), mkdir(cacheDirectory)]);
  return { root, onPath, cacheDirectory, waysToObtain: [obtain] };
}

test('TEMPORAL_CLI_PATH comes before the PATH and the cache', async () => {
  const { root, onPath, ...options } = await places();
  const named = await writeProgram(join(root, 'my-temporal'));
  await writeProgram(join(onPath, 'temporal'));
  await writeProgram(join(options.cacheDirectory, 'temporal'));
  const env = { TEMPORAL_CLI_PATH: named, PATH: onPath };
  expect(await findTemporalBinary({ env, ...options })).toBe(named);
});

test('a TEMPORAL_CLI_PATH that leads nowhere is an error that names the setting', async () => {
  const { root, onPath, ...options } = await places();
  await writeProgram(join(onPath, 'temporal'));
  const notExecutable = join(root, 'text');
  await writeFile(notExecutable, 'text');
  for (const path of [join(root, 'missing'), notExecutable, root]) {
    const env = { TEMPORAL_CLI_PATH: path, PATH: onPath };
    await expect(findTemporalBinary({ env, ...options })).rejects.toThrow(
      `TEMPORAL_CLI_PATH is ${path}, which is not an executable file`,
    );
  }
});

test('the PATH comes before the cache', async () => {
  const { root, onPath, ...options } = await places();
  const found = await writeProgram(join(onPath, 'temporal'));
  await writeProgram(join(options.cacheDirectory, 'temporal'));
  const env = { PATH: `${join(root, 'nothing')}::${onPath}` };
  expect(await findTemporalBinary({ env, ...options })).toBe(found);
});

test('a binary in the cache is used, and nothing is got', async () => {
  const { root: _root, onPath, ...options } = await places();
  const cached = await writeProgram(join(options.cacheDirectory, 'temporal'));
  expect(await findTemporalBinary({ env: { PATH: onPath }, ...options })).toBe(cached);
  expect(obtain).not.toHaveBeenCalled();
});

test('what is got goes into the cache, once for all who ask at the same time', async () => {
  const { onPath, waysToObtain, cacheDirectory: directory } = await places();
  const cacheDirectory = join(directory, 'made', 'on', 'demand');
  const find = () => findTemporalBinary({ env: { PATH: onPath }, cacheDirectory, waysToObtain });
  const found = await Promise.all([find(), find(), find()]);
  expect(new Set([...found, await find()])).toEqual(new Set([join(cacheDirectory, 'temporal')]));
  expect(obtain).toHaveBeenCalledOnce();
  expect(await readdir(cacheDirectory)).toEqual(['temporal']);
});

test('a binary that does not run stays out of the cache, and the next way is tried', async () => {
  const { onPath, cacheDirectory } = await places();
  const broken: ObtainTemporal = ({ directory }) =>
    writeProgram(join(directory, 'temporal'), 'exit 1');
  const env = { PATH: onPath };
  const waysToObtain = [broken, fail];
  await expect(findTemporalBinary({ env, cacheDirectory, waysToObtain })).rejects.toThrow();
  expect(await readdir(cacheDirectory)).toEqual([]);
  const found = await findTemporalBinary({ env, cacheDirectory, waysToObtain: [broken, obtain] });
  expect(await readFile(found, 'utf8')).toContain('temporal version 1');
});

test('without any binary the error says what was tried and the three ways to get one', async () => {
  const { onPath, cacheDirectory } = await places();
  const env = { PATH: onPath };
  const find = findTemporalBinary({ env, cacheDirectory, waysToObtain: [fail, buildTemporal] });
  const error = await find.catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  for (const part of [
    'The download: no network',
    'Go is not on the PATH',
    'Set TEMPORAL_CLI_PATH',
    'https://docs.temporal.io/cli',
    'Install Go',
  ]) {
    expect((error as Error).message).toContain(part);
  }
});

test('the cache is where the system keeps caches', () => {
  const env = { HOME: '/home/ada' };
  expect(defaultCacheDirectory(env, 'linux')).toBe('/home/ada/.cache/login-etl');
  expect(defaultCacheDirectory(env, 'darwin')).toBe('/home/ada/Library/Caches/login-etl');
  const moved = { ...env, XDG_CACHE_HOME: '/caches' };
  expect(defaultCacheDirectory(moved, 'linux')).toBe('/caches/login-etl');
});
