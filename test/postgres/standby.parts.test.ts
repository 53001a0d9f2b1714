import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { classifyError } from '../../src/errors/classify-error.ts';
import { freePort } from '../../src/local/ports/free-port.ts';
import { withPostgresClient } from '../../src/local/postgres/postgres-connection.ts';
import {
  type PostgresServer,
  startPostgresServer,
} from '../../src/local/postgres/postgres-server.ts';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { lockInserts } from '../../src/postgres/ingest/insert-lock.ts';
import { tryInsert } from '../../src/postgres/ingest/try-insert.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { loginEtl } from '../cli/in-process.ts';
import { jsonOf } from '../cli/login-etl.ts';
import { newDatabase, type TestDatabase } from '../support/servers/new-database.ts';
import {
  startTestPostgres,
  TEST_SETTINGS,
  type TestPostgres,
} from '../support/servers/test-postgres.ts';

let primary: TestPostgres;
let standby: PostgresServer;
let database: TestDatabase;

/** A hot standby: a copy of the stopped primary's data, which then streams from it. */
beforeAll(async () => {
  primary = await startTestPostgres();
  database = await newDatabase({ serverUrl: primary.server.url, migrated: true });
  await primary.server.stop();
  const { dataDirectory } = primary.server;
  const copy = join(dirname(dataDirectory), 'standby');
  const run = promisify(execFile);
  await run('cp', ['-a', dataDirectory, copy]);
  await run('cp', ['-a', `${dataDirectory}.password`, `${copy}.password`]);
  await run('cp', ['-a', join(copy, 'PG_VERSION'), join(copy, 'standby.signal')]);
  await primary.server.restart();
  const { hostname, port, username, password } = new URL(primary.server.url);
  standby = await startPostgresServer({
    dataDirectory: copy,
    logFile: `${primary.logFile}.standby`,
    settings: {
      ...TEST_SETTINGS,
      hot_standby: 'on',
      primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
    },
  });
});
afterAll(async () => {
  await standby?.stop();
  await primary?.remove();
});

const of = (server: PostgresServer): string =>
  Object.assign(new URL(database.url), { port: `${server.port}` }).href;

const both = (servers: PostgresServer[], target: string): string => {
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const url = new URL(database.url);
  return `postgres://${url.username}:${url.password}@${hosts}${url.pathname}?target_session_attrs=${target}`;
};

function poolOf(url: string) {
  const { postgres } = loadConfig(['postgres'], { DATABASE_URL: url });
  const pool = postgresPool(postgres, { applicationName: 'standby test' });
  onTestFinished(() => pool.end());
  return pool;
}

async function chosen(servers: PostgresServer[], target: string): Promise<number> {
  const { rows } = await poolOf(both(servers, target)).query('select inet_server_port() as port');
  return rows[0]?.port;
}

type Report = { checks: { name: string; status: string; detail: string; whatToDo?: string }[] };

async function doctor(url: string) {
  const TEMPORAL_ADDRESS = `127.0.0.1:${await freePort()}`;
  const report = jsonOf<Report>(
    await loginEtl({ DATABASE_URL: url, TEMPORAL_ADDRESS }, ['doctor', '--json']),
  );
  return (name: string) => report.checks.find((check) => check.name === name);
}

describe('of a primary and a standby, in either order,', () => {
  test.each(['read-write', 'primary'])('%s takes the primary', async (target) => {
    expect(await chosen([primary.server, standby], target)).toBe(primary.server.port);
    expect(await chosen([standby, primary.server], target)).toBe(primary.server.port);
  });

  test.each(['read-only', 'standby', 'prefer-standby'])('%s takes the standby', async (target) => {
    expect(await chosen([primary.server, standby], target)).toBe(standby.port);
    expect(await chosen([standby, primary.server], target)).toBe(standby.port);
  });

  test('`doctor` can store rows through read-write', async () => {
    const check = await doctor(both([standby, primary.server], 'read-write'));
    expect(check('storing')).toMatchObject({ status: 'ok' });
  });
});

describe('a standby', () => {
  test('fails `doctor`, which says so and names the setting', async () => {
    for (const url of [of(standby), both([primary.server, standby], 'prefer-standby')]) {
      const check = await doctor(url);
      expect(check('Postgres')).toMatchObject({ status: 'failed' });
      expect(check('Postgres')?.detail).toContain('standby');
      expect(check('Postgres')?.whatToDo).toMatch(/primary.*DATABASE_URL.*read-write/);
    }
  });

  test('is no host for read-write, which `doctor` says', async () => {
    const check = await doctor(both([standby], 'read-write'));
    expect(check('Postgres')?.detail).toContain('no host of Postgres is read-write');
    expect(check('Postgres')?.whatToDo).toContain('DATABASE_URL');
  });

  test('makes a batch wait, by the code for read-only', async () => {
    const pool = poolOf(of(standby));
    const alone = () => inTransaction(pool, 'begin', (client) => lockInserts(client, 'alone'));
    for (const attempt of [() => tryInsert(pool), alone]) {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(classifyError(error)).toMatchObject({ code: '25006', policy: { action: 'wait' } });
    }
  });

  test('is not migrated, and `migrate` says why', async () => {
    const result = await loginEtl({ DATABASE_URL: of(standby) }, ['migrate']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/read-only.*25006/);
  });

  test('answers the commands that only read', async () => {
    const result = await loginEtl({ DATABASE_URL: of(standby) }, ['runs', '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

// The last test: afterwards there are two primaries.
test('after a failover the next connection goes to the new primary', async () => {
  const pool = poolOf(both([primary.server, standby], 'read-write'));
  await tryInsert(pool);
  await primary.server.stop();
  await expect(tryInsert(pool)).rejects.toThrow();
  await withPostgresClient(standby.url, (client) => client.query('select pg_promote()'));
  await tryInsert(pool);
  const { rows } = await pool.query('select inet_server_port() as port');
  expect(rows).toEqual([{ port: standby.port }]);
});
