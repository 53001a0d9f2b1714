import { lstat, mkdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { postgresAccount } from '../../../src/local/postgres/postgres-account.ts';
import { copyPostgres } from '../../../src/local/postgres/postgres-copy.ts';
import { postgresPackage } from '../../../src/local/postgres/postgres-package.ts';
import {
  removePostgresData,
  startPostgresServer,
} from '../../../src/local/postgres/postgres-server.ts';
import { canRun } from '../../../src/local/postgres/reachability.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const options = { timeout: 60_000, skip: process.getuid?.() !== 0 };
const settings = { fsync: 'off' };

test('it runs as another user, who owns the data', options, async () => {
  const dataDirectory = join(await temporaryDirectory(), 'postgres');
  const server = await startPostgresServer({ dataDirectory, settings });
  onTestFinished(() => server.kill());
  expect(server.dataDirectory).toBe(dataDirectory);
  expect((await stat(dataDirectory)).uid).not.toBe(0);
  expect((await stat(`/proc/${server.pid()}`).catch(() => stat(dataDirectory))).uid).not.toBe(0);
});

test('below a closed directory the data lies elsewhere, with a link to it', options, async () => {
  const closed = await temporaryDirectory(0o700);
  const dataDirectory = join(closed, '.local', 'postgres');
  onTestFinished(() => removePostgresData(dataDirectory));
  const first = await startPostgresServer({ dataDirectory, settings });
  onTestFinished(() => first.kill());
  expect(await readlink(dataDirectory)).toBe(first.dataDirectory);
  expect(first.dataDirectory).toMatch(/^\/var\/tmp\/login-etl-[0-9a-f]{16}\/data$/);
  expect((await stat(first.dataDirectory)).mode & 0o777).toBe(0o700);
  expect((await stat(closed)).mode & 0o777).toBe(0o700);
  await first.stop();

  const second = await startPostgresServer({ dataDirectory, settings });
  onTestFinished(() => second.kill());
  expect(second.url.split('@')[0]).toBe(first.url.split('@')[0]);
  await second.stop();

  await removePostgresData(dataDirectory);
  await expect(lstat(dataDirectory)).rejects.toThrow('ENOENT');
  await expect(lstat(join(first.dataDirectory, '..'))).rejects.toThrow('ENOENT');
});

test('data of a clone that is gone is not taken over by a new one', options, async () => {
  const closed = await temporaryDirectory(0o700);
  const dataDirectory = join(closed, 'postgres');
  onTestFinished(() => removePostgresData(dataDirectory));
  const first = await startPostgresServer({ dataDirectory, settings });
  await first.stop();
  await rm(dataDirectory);
  // As a start-up script would prepare it.
  await mkdir(dataDirectory);
  const second = await startPostgresServer({ dataDirectory, settings });
  onTestFinished(() => second.kill());
  expect(second.dataDirectory).toBe(first.dataDirectory);
  expect(second.url.split('@')[0]).not.toBe(first.url.split('@')[0]);
});

test(
  'removing data removes what lies beside it, and nothing when there is none',
  options,
  async () => {
    const dataDirectory = join(await temporaryDirectory(), 'postgres');
    await mkdir(dataDirectory);
    await writeFile(`${dataDirectory}.password`, 'secret');
    await removePostgresData(dataDirectory);
    await removePostgresData(dataDirectory);
    await expect(lstat(dataDirectory)).rejects.toThrow('ENOENT');
    await expect(lstat(`${dataDirectory}.password`)).rejects.toThrow('ENOENT');
  },
);

test(
  'programs below a closed directory are copied, and a thinned-out copy is renewed',
  options,
  async () => {
    // A version of its own, so that no copy in use is touched.
    const installed = { ...(await postgresPackage()), version: `test-${process.pid}` };
    onTestFinished(() =>
      rm(`/var/tmp/login-etl-postgres-${installed.version}`, { recursive: true, force: true }),
    );
    const account = await postgresAccount('/nonexistent');
    const copy = await copyPostgres(installed);
    const program = join(copy, 'bin', 'postgres');
    expect(await canRun(program, account)).toBe(true);
    const { ino } = await stat(program);
    expect(await copyPostgres(installed)).toBe(copy);
    expect((await stat(program)).ino).toBe(ino);

    await rm(join(copy, 'share', 'postgresql', 'postgres.bki'));
    await copyPostgres(installed);
    expect((await stat(join(copy, 'share', 'postgresql', 'postgres.bki'))).isFile()).toBe(true);
  },
);
