import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { startPostgresServer } from '../../../src/local/postgres/postgres-server.ts';
import { lingeringProgram } from '../process/lingering-program.ts';
import { expectGone, familyOf } from '../process/living-processes.ts';
import { freshDirectory, startedPostgres, valuesOf } from './started-postgres.ts';

const timeout = 60_000;

test('an interrupted initdb is repeated', { timeout }, async () => {
  const dataDirectory = await freshDirectory();
  const abort = new AbortController();
  const start = startPostgresServer({ dataDirectory, signal: abort.signal });
  const outcome = expect(start).rejects.toThrow('Ctrl-C');
  const unfinished = `${dataDirectory}.initializing`;
  await expect.poll(() => readdir(unfinished).catch(() => []), { interval: 5 }).not.toEqual([]);
  abort.abort(new Error('Ctrl-C'));
  await outcome;
  expect(await readdir(join(dataDirectory, '..'))).toEqual([]);

  // As a SIGKILL leaves it, and as another tool's initdb would.
  await mkdir(join(unfinished, 'base'), { recursive: true });
  await mkdir(join(dataDirectory, 'base'), { recursive: true });
  await writeFile(join(dataDirectory, 'PG_VERSION'), '18\n');
  const server = await startedPostgres(dataDirectory);
  expect(await valuesOf(server.url, 'select 1')).toEqual([1]);
});

test('a directory with something else in it is left alone', { timeout }, async () => {
  const dataDirectory = await freshDirectory();
  await mkdir(dataDirectory);
  await writeFile(join(dataDirectory, 'thesis.txt'), 'years of work');
  await expect(startedPostgres(dataDirectory)).rejects.toThrow(
    /holds something else \(thesis.txt\)/,
  );
  expect(await readdir(dataDirectory)).toEqual(['thesis.txt']);
});

test('a process id file of a server long gone does not prevent a start', { timeout }, async () => {
  const dataDirectory = await freshDirectory();
  await (await startedPostgres(dataDirectory)).stop();
  for (const pid of [process.pid, process.ppid, 999_999_999]) {
    await writeFile(join(dataDirectory, 'postmaster.pid'), `${pid}\n${dataDirectory}\n`);
    const server = await startedPostgres(dataDirectory);
    expect(await valuesOf(server.url, 'select 1')).toEqual([1]);
    await server.stop();
  }
});

test('when its starter is killed the server ends, and the next start waits for it', {
  timeout,
}, async () => {
  const dataDirectory = await freshDirectory();
  const { program, startedPid } = await lingeringProgram('postgres', dataDirectory);
  const family = await familyOf(startedPid);
  program.kill('SIGKILL');
  const server = await startedPostgres(dataDirectory);
  expect(await valuesOf(server.url, 'select 1')).toEqual([1]);
  await expectGone(family);
});

test('a lost password file is an error that says what to do', { timeout }, async () => {
  const dataDirectory = await freshDirectory();
  await (await startedPostgres(dataDirectory)).stop();
  await writeFile(`${dataDirectory}.password`, 'another');
  await expect(startedPostgres(dataDirectory)).rejects.toThrow('password authentication failed');
});
