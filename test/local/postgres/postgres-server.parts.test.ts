import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import { expect, test } from 'vitest';

import { expectGone, familyOf } from '../process/living-processes.ts';
import { freshDirectory, startedPostgres, valuesOf } from './started-postgres.ts';

const timeout = 60_000;

test('the server answers on loopback with a password, and leaves no process when it stops', {
  timeout,
}, async () => {
  const dataDirectory = await freshDirectory();
  const logFile = join(dataDirectory, '..', 'postgres.log');
  const server = await startedPostgres(dataDirectory, { logFile });
  expect(server.url).toMatch(/^postgres:\/\/postgres:[\w-]{32}@127\.0\.0\.1:\d+\/postgres$/);
  expect(await valuesOf(server.url, 'show listen_addresses')).toEqual(['127.0.0.1']);
  expect(await valuesOf(server.url, 'show unix_socket_directories')).toEqual(['']);
  expect(await valuesOf(server.url, 'show fsync')).toEqual(['off']);
  const wrong = server.url.replace(/:[\w-]{32}@/, ':wrong@');
  await expect(valuesOf(wrong, 'select 1')).rejects.toThrow('password authentication failed');
  expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700);
  expect((await stat(`${dataDirectory}.password`)).mode & 0o777).toBe(0o600);

  const family = await familyOf(server.pid());
  expect(family.length).toBeGreaterThan(3);
  const stoppingAt = Date.now();
  await Promise.all([server.stop(), server.stop()]);
  expect(Date.now() - stoppingAt).toBeLessThan(8_000);
  await expectGone(family);
  const beside = await readdir(join(dataDirectory, '..'));
  expect(beside.sort()).toEqual(['postgres', 'postgres.log', 'postgres.password']);
});

test('stopping does not wait for open connections', { timeout }, async () => {
  const server = await startedPostgres(await freshDirectory());
  const client = new Client({ connectionString: server.url });
  client.on('error', () => {});
  await client.connect();
  const query = client.query('select pg_sleep(600)').catch((error: Error) => error);
  const stoppingAt = Date.now();
  await server.stop();
  expect(Date.now() - stoppingAt).toBeLessThan(5_000);
  expect(await query).toBeInstanceOf(Error);
});

test('a second start keeps the rows and the password', { timeout }, async () => {
  const dataDirectory = await freshDirectory();
  const first = await startedPostgres(dataDirectory);
  await valuesOf(first.url, 'create table kept as select 7 as n');
  await first.stop();
  const second = await startedPostgres(dataDirectory, { port: first.port });
  expect(second.url).toBe(first.url);
  expect(await valuesOf(second.url, 'select n from kept')).toEqual([7]);
});

test('a database is made once and has its own URL', { timeout }, async () => {
  const server = await startedPostgres(await freshDirectory());
  const url = await server.createDatabase('Logins of "2026"');
  expect(await server.createDatabase('Logins of "2026"')).toBe(url);
  expect(await valuesOf(url, 'select current_database()')).toEqual(['Logins of "2026"']);
});

test('after a kill it restarts on the same port with all that was committed', {
  timeout,
}, async () => {
  const server = await startedPostgres(await freshDirectory(), { settings: {} });
  await valuesOf(server.url, 'create table kept as select 7 as n');
  const family = await familyOf(server.pid());
  await server.kill();
  await server.restart();
  expect(await valuesOf(server.url, 'select n from kept')).toEqual([7]);
  await expectGone(family);
});

test('a setting the server refuses is reported with its last words', { timeout }, async () => {
  const start = startedPostgres(await freshDirectory(), { settings: { max_connections: 'many' } });
  await expect(start).rejects.toThrow(/PostgreSQL ended while starting.*\n.*max_connections/);
});
