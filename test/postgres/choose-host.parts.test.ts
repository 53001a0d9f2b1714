import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { freePort } from '../../src/local/ports/free-port.ts';
import { withPostgresClient } from '../../src/local/postgres/postgres-connection.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { startTestPostgres, type TestPostgres } from '../support/servers/test-postgres.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

let writable: TestPostgres;
let readOnly: TestPostgres;
const USER = 'etl_host';

beforeAll(async () => {
  [writable, readOnly] = await Promise.all([startTestPostgres(), startTestPostgres()]);
  for (const { server } of [writable, readOnly]) {
    await withPostgresClient(server.url, async (client) => {
      await client.query(`create role ${USER} login password 'first'`);
    });
  }
  await withPostgresClient(readOnly.server.url, async (client) => {
    await client.query(`alter role ${USER} set default_transaction_read_only = on`);
  });
});
afterAll(() => Promise.all([writable?.remove(), readOnly?.remove()]));

function poolOf(env: Record<string, string>): Pool {
  const pool = postgresPool(loadConfig(['postgres'], env).postgres, { applicationName: 'hosts' });
  onTestFinished(() => pool.end());
  return pool;
}

const portOf = ({ server }: TestPostgres): number => Number(new URL(server.url).port);

/** The port of the server that the pool chose. */
async function chosen(env: Record<string, string>): Promise<number> {
  const { rows } = await poolOf(env).query('select inet_server_port() as port');
  return rows[0]?.port;
}

describe('of several hosts', () => {
  const url = (ports: number[], parameters = '') => ({
    DATABASE_URL: `postgres://${USER}:first@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/postgres${parameters}`,
  });

  test('the first that answers is taken', async () => {
    const [one, two] = [portOf(writable), portOf(readOnly)];
    expect(await chosen(url([one, two]))).toBe(one);
    expect(await chosen(url([two, one]))).toBe(two);
    expect(await chosen(url([await freePort(), two]))).toBe(two);
    const lists = { PGHOST: '127.0.0.1,127.0.0.1', PGPORT: `${await freePort()},${two}` };
    expect(
      await chosen({ ...lists, PGUSER: USER, PGPASSWORD: 'first', PGDATABASE: 'postgres' }),
    ).toBe(two);
  });

  test('the first whose session is wanted is taken', async () => {
    const [one, two] = [portOf(writable), portOf(readOnly)];
    const target = (attrs: string) => chosen(url([two, one], `?target_session_attrs=${attrs}`));
    expect(await target('any')).toBe(two);
    expect(await target('read-write')).toBe(one);
    expect(await target('read-only')).toBe(two);
    // Neither is a standby.
    expect(await target('primary')).toBe(two);
    expect(await target('prefer-standby')).toBe(two);
    await expect(target('standby')).rejects.toThrow(/no host of Postgres is standby/);
    expect(await chosen({ ...url([two, one]), PGTARGETSESSIONATTRS: 'read-write' })).toBe(one);
  });

  test('none that refuses the password is passed over', async () => {
    const { DATABASE_URL } = url([portOf(writable), portOf(readOnly)]);
    const wrong = { DATABASE_URL: DATABASE_URL.replace(':first@', ':wrong@') };
    await expect(chosen(wrong)).rejects.toMatchObject({ code: '28P01' });
  });
});

test('a password that is missing is asked for by the setting', async () => {
  const DATABASE_URL = `postgres://${USER}@127.0.0.1:${portOf(writable)}/postgres`;
  await expect(poolOf({ DATABASE_URL }).query('select 1')).rejects.toThrow(/PGPASSWORD/);
});

test.each(['DATABASE_URL_FILE', 'PGPASSWORD_FILE'])(
  'a password that was replaced in %s is used for the next connection',
  async (name) => {
    const directory = await makeTestDirectory('rotated');
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'secret');
    const port = portOf(writable);
    const write = (password: string) =>
      writeFile(
        path,
        name === 'PGPASSWORD_FILE'
          ? password
          : `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
      );
    await write('first');
    const env =
      name === 'PGPASSWORD_FILE'
        ? { PGHOST: '127.0.0.1', PGPORT: `${port}`, PGUSER: USER, PGDATABASE: 'postgres' }
        : {};
    const pool = poolOf({ ...env, [name]: path });
    await pool.query('select 1');
    await withPostgresClient(writable.server.url, async (client) => {
      await client.query(`alter role ${USER} password 'second'`);
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1',
        [USER],
      );
    });
    await expect.poll(() => pool.totalCount).toBe(0);
    await expect(pool.query('select 1')).rejects.toMatchObject({ code: '28P01' });
    await write('second');
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await withPostgresClient(writable.server.url, (client) =>
      client.query(`alter role ${USER} password 'first'`),
    );
  },
);
