import { X509Certificate } from 'node:crypto';
import { chown, copyFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/config.ts';
import { connectOrExplain } from '../../src/errors/connect-or-explain.ts';
import { withPostgresClient } from '../../src/local/postgres/postgres-connection.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { loginEtl } from '../cli/in-process.ts';
import {
  type CertificateAuthority,
  makeCertificateAuthority,
  signCertificate,
} from '../support/servers/certificates.ts';
import { startTestPostgres, type TestPostgres } from '../support/servers/test-postgres.ts';
import { makeTestDirectory } from '../support/test-directory.ts';

let directory: string;
let postgres: TestPostgres;
let authority: CertificateAuthority;
let stranger: CertificateAuthority;

beforeAll(async () => {
  directory = await makeTestDirectory('tls');
  postgres = await startTestPostgres();
  authority = await makeCertificateAuthority(directory, 'authority');
  stranger = await makeCertificateAuthority(directory, 'stranger');
  await serveWith('DNS:localhost,IP:127.0.0.1');
});
afterAll(async () => {
  await postgres?.remove();
  if (directory) await rm(directory, { recursive: true, force: true });
});

/** The server's certificate is good for these names from now on. */
async function serveWith(names: string): Promise<void> {
  const made = await signCertificate(directory, authority, names);
  const { dataDirectory, url } = postgres.server;
  const owner = await stat(dataDirectory);
  for (const [name, content] of [
    ['server.crt', made.certificate],
    ['server.key', made.key],
  ] as const) {
    const path = join(dataDirectory, name);
    await writeFile(path, content, { mode: 0o600 });
    await chown(path, owner.uid, owner.gid);
  }
  await withPostgresClient(url, async (client) => {
    await client.query('alter system set ssl = on');
    await client.query('select pg_reload_conf()');
  });
  // The server takes it up when it gets to it.
  await vi.waitFor(
    async () => expect(await servedNames()).toContain(names.split(':').at(-1)),
    5_000,
  );
}

/** The certificate that a client is shown: read off a connection that trusts no one else's. */
async function servedNames(): Promise<string> {
  const client = new pg.Client({
    connectionString: postgres.server.url,
    ssl: { ca: await readFile(authority.certificate), checkServerIdentity: () => undefined },
  });
  await client.connect();
  try {
    const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection;
    return stream.getPeerCertificate().subjectaltname ?? '';
  } finally {
    await client.end();
  }
}

type Settings = Record<string, string>;

/** Whether the connection is encrypted, as the server sees it. */
async function connect(env: Settings): Promise<boolean> {
  const { postgres: settings } = loadConfig(['postgres'], env);
  const pool = postgresPool(settings, { applicationName: 'tls test' });
  try {
    const { rows } = await connectOrExplain('Postgres', 'Check DATABASE_URL.', () =>
      pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()'),
    );
    return rows[0]?.ssl;
  } finally {
    await pool.end();
  }
}

const url = (host: string, parameters = ''): Settings => ({
  DATABASE_URL: Object.assign(new URL(postgres.server.url), { hostname: host }).href + parameters,
});

function variables(more: Settings): Settings {
  const { hostname, port, username, password } = new URL(postgres.server.url);
  return {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: 'postgres',
    ...more,
  };
}

describe('a server with a certificate of a private CA', () => {
  test.each(['require', 'verify-ca', 'verify-full'])(
    'is connected to with that CA (%s)',
    async (mode) => {
      const parameters = `?sslmode=${mode}&sslrootcert=${authority.certificate}`;
      for (const host of ['127.0.0.1', 'localhost'])
        expect(await connect(url(host, parameters))).toBe(true);
      expect(
        await connect(variables({ PGSSLMODE: mode, PGSSLROOTCERT: authority.certificate })),
      ).toBe(true);
    },
  );

  test('is connected to with that CA without a mode: naming one asks for it', async () => {
    expect(await connect({ ...url('127.0.0.1'), PGSSLROOTCERT: authority.certificate })).toBe(true);
  });

  test.each(['require', 'verify-ca', 'verify-full'])(
    'is refused without it, or with another (%s)',
    async (mode) => {
      await expect(connect(url('127.0.0.1', `?sslmode=${mode}`))).rejects.toThrow(/PGSSLROOTCERT/);
      await expect(
        connect(url('127.0.0.1', `?sslmode=${mode}&uselibpqcompat=true`)),
      ).rejects.toThrow(/PGSSLROOTCERT/);
      const other = { PGSSLMODE: mode, PGSSLROOTCERT: stranger.certificate };
      await expect(connect(variables(other))).rejects.toThrow(/PGSSLROOTCERT/);
    },
  );

  test('is refused under a name that the certificate does not have', async () => {
    await serveWith('DNS:db.example');
    const parameters = `?sslmode=verify-full&sslrootcert=${authority.certificate}`;
    for (const host of ['127.0.0.1', 'localhost']) {
      await expect(connect(url(host, parameters))).rejects.toThrow(
        /ERR_TLS_CERT_ALTNAME_INVALID.*host/,
      );
    }
    await serveWith('DNS:localhost,IP:127.0.0.1');
  });

  test('is spoken to in plain on this machine, or where that is said', async () => {
    expect(await connect(url('127.0.0.1'))).toBe(false);
    expect(await connect(url('localhost', '?sslmode=disable'))).toBe(false);
  });
});

describe('TLS files that are replaced while a pool is in use', () => {
  const poolOf = (env: Settings) => {
    const { postgres: settings } = loadConfig(['postgres'], env);
    // Each query connects anew.
    const pool = postgresPool({ ...settings, maxUses: 1 }, { applicationName: 'tls test' });
    onTestFinished(() => pool.end());
    return pool;
  };

  test('a CA is read for the next connection, and the last one is kept while its file is damaged', async () => {
    const path = join(directory, 'current-ca.pem');
    await copyFile(authority.certificate, path);
    const pool = poolOf(variables({ PGSSLROOTCERT: path }));
    await pool.query('select');
    await copyFile(stranger.certificate, path);
    await expect(pool.query('select')).rejects.toThrow(/no trusted TLS/);
    await copyFile(authority.certificate, path);
    await pool.query('select');
    await writeFile(path, '-----BEGIN CERT');
    await pool.query('select');
  });

  test('a client certificate and its key are read for the next connection, in the URL or not', async () => {
    await withPostgresClient(postgres.server.url, async (client) => {
      await client.query(`alter system set ssl_ca_file = '${authority.certificate}'`);
      await client.query('select pg_reload_conf()');
    });
    const paths = { cert: join(directory, 'client.pem'), key: join(directory, 'client.key') };
    const pair = () => signCertificate(directory, authority, 'DNS:client');
    const [first, second] = [await pair(), await pair()];
    const write = (name: 'cert' | 'key', content: string) => writeFile(paths[name], content);
    await Promise.all([write('cert', first.certificate), write('key', first.key)]);
    const files = `sslrootcert=${authority.certificate}&sslcert=${paths.cert}&sslkey=${paths.key}`;
    const pools = [
      poolOf(url('127.0.0.1', `?${files}`)),
      poolOf(
        variables({
          PGSSLROOTCERT: authority.certificate,
          PGSSLCERT: paths.cert,
          PGSSLKEY: paths.key,
        }),
      ),
    ];
    const serials = () =>
      Promise.all(
        pools.map(async (pool) => {
          const { rows } = await pool.query(
            'select client_serial::text as serial from pg_stat_ssl where pid = pg_backend_pid()',
          );
          return rows[0]?.serial;
        }),
      );
    const serialOf = ({ certificate }: { certificate: string }) =>
      BigInt(`0x${new X509Certificate(certificate).serialNumber}`).toString();
    // The server needs a moment to read its settings again.
    await expect.poll(serials).toEqual([serialOf(first), serialOf(first)]);
    await write('cert', second.certificate);
    await expect(serials()).rejects.toThrow();
    await write('key', second.key);
    expect(await serials()).toEqual([serialOf(second), serialOf(second)]);
  });
});

test('a server without TLS is refused where TLS is asked for, and the error names the setting', async () => {
  const plain = `${inject('postgresUrl')}?sslmode=verify-full`;
  await expect(connect({ DATABASE_URL: plain })).rejects.toThrow(/no TLS.*PGSSLMODE=disable/);
  const { exitCode, stderr } = await loginEtl({ DATABASE_URL: plain }, ['migrate']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('PGSSLMODE=disable');
});

describe('TLS that is checked', () => {
  const sslOf = (env: Settings) => loadConfig(['postgres'], env).postgres.ssl;
  const at = (host: string) => ({ DATABASE_URL: `postgres://user:password@${host}/logins` });
  const CHECKED = { rejectUnauthorized: true };

  test.each([
    'db.example',
    '10.0.0.5',
    '[2001:db8::1]',
    'localhost.example',
    '128.0.0.1',
    '127.example',
  ])('is the default for %s', (host) => {
    expect(sslOf(at(host))).toEqual(CHECKED);
    expect(sslOf({ PGHOST: host })).toEqual(CHECKED);
  });

  test.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])(
    'is not the default for %s',
    (host) => {
      expect(sslOf(at(host))).toBe(false);
      expect(sslOf({ PGHOST: host })).toBe(false);
    },
  );

  test('is not the default for a socket, and is for the host that the URL leaves to others', () => {
    expect(sslOf({ PGHOST: '/var/run/postgresql' })).toBe(false);
    expect(sslOf({ DATABASE_URL: 'postgres:///logins?host=/var/run/postgresql' })).toBe(false);
    expect(sslOf({ DATABASE_URL: 'postgres:///logins?host=db.example' })).toEqual(CHECKED);
    expect(sslOf({ DATABASE_URL: 'postgres:///logins', PGHOST: 'db.example' })).toEqual(CHECKED);
  });

  test('is left out only where disable is said', () => {
    expect(sslOf({ DATABASE_URL: `${at('db.example').DATABASE_URL}?sslmode=disable` })).toBe(false);
    expect(sslOf({ PGHOST: 'db.example', PGSSLMODE: 'disable' })).toBe(false);
    for (const mode of ['require', 'verify-ca', 'verify-full']) {
      expect(sslOf({ DATABASE_URL: `${at('db.example').DATABASE_URL}?sslmode=${mode}` })).toEqual(
        CHECKED,
      );
      expect(sslOf({ PGHOST: 'db.example', PGSSLMODE: mode })).toEqual(CHECKED);
    }
  });

  test.each([
    'sslmode=no-verify',
    'sslmode=prefer',
    'sslmode=allow',
    'sslmode=',
    'ssl=no-verify',
    'ssl=0',
    'sslrootcert=/nowhere',
  ])('is not weakened by ?%s: it is refused, by the setting’s name', (parameter) => {
    const load = () => sslOf({ DATABASE_URL: `${at('db.example').DATABASE_URL}?${parameter}` });
    if (parameter === 'sslmode=') return expect(load()).toEqual(CHECKED);
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/DATABASE_URL/);
  });
});
