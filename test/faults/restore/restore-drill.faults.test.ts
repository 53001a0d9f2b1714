import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBeside } from '../../../src/local/postgres/postgres-location.ts';
import {
  type PostgresServer,
  removePostgresData,
  startPostgresServer,
} from '../../../src/local/postgres/postgres-server.ts';
import { jsonOf, loginEtl } from '../../cli/login-etl.ts';
import { custodianEnv } from '../../support/custodian.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import type { TestPostgres } from '../../support/servers/test-postgres.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { type Barman, setUpBarman } from '../support/barman.ts';
import { expectOnceEach } from '../support/expect-once-each.ts';
import { type FaultStack, startFaultStack } from '../support/fault-stack.ts';
import { runUntilEmpty } from '../support/run-until-empty.ts';
import { FULL, PATIENCE_MS } from '../support/sizes.ts';
import { storedMessages } from '../support/stored-messages.ts';
import { until } from '../support/until.ts';

const PART = FULL ? 5_000 : 2_000;
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
const run = promisify(execFile);

type Verified = { sound: boolean; checks: { name: string; status: string; detail: string }[] };

let directory: string;
let stack: FaultStack;
let barman: Barman;
let restored: PostgresServer | undefined;

beforeAll(async () => {
  directory = await makeTestDirectory('drill');
  stack = await startFaultStack({
    visibilityTimeoutSeconds: 600,
    ownPostgres: { ...DURABLE, wal_level: 'replica', summarize_wal: 'on' },
  });
  const sql = await readFile(new URL('../../../deploy/backup/barman-user.sql', import.meta.url));
  await stack.pool.query(sql.toString());
  await mkdir(join(directory, 'elsewhere'));
  await writeFile(join(directory, 'vault.pem'), stack.env.VAULT_PUBLIC_KEY ?? '');
  const { server } = stack.postgres as TestPostgres;
  barman = await setUpBarman({
    directory,
    url: server.url,
    database: new URL(stack.databaseUrls.custodian).pathname.slice(1),
    hookEnvironment: hookEnvironment(stack.databaseUrls.custodian),
  });
}, 600_000);
afterAll(async () => {
  await barman?.stop().catch(() => undefined);
  await restored?.stop();
  // The stack drops its database.
  await stack?.postgres?.server.restart();
  await stack?.stop();
  if (directory) {
    await removePostgresData(join(directory, 'restored'));
    await rm(directory, { recursive: true, force: true });
  }
});

const hookEnvironment = (databaseUrl: string) => ({
  DATABASE_URL: databaseUrl,
  VAULT_PUBLIC_KEY_FILE: join(directory, 'vault.pem'),
  AUDIT_HEAD_COMMAND: `cat > "${join(directory, 'elsewhere')}/$1"`,
});

let sent = 0;
/** Accounts repeat, so that an erased one has rows on both sides of the restore point. */
const send = (): Promise<string[]> => {
  const from = sent;
  sent += PART;
  return stack.send(
    Array.from({ length: PART }, (_, index) =>
      index % 500 === 0
        ? `not JSON ${from + index}`
        : loginMessage(from + index, { user_id: `user-${index % 100}` }),
    ),
  );
};

const kept = async (ending: string): Promise<string> => {
  const names = (await readdir(join(directory, 'elsewhere'))).filter((name) =>
    name.endsWith(ending),
  );
  return join(directory, 'elsewhere', names.toSorted().at(-1) ?? 'none');
};

/** Starts a server with what Barman has restored. */
async function startRestored(): Promise<PostgresServer> {
  const { server } = stack.postgres as TestPostgres;
  const data = join(directory, 'restored');
  // The last segment was streamed, but is not complete.
  const streamed = join(barman.repository, 'streaming');
  for (const name of await readdir(streamed)) {
    const to = join(data, 'barman_wal', name.replace('.partial', ''));
    if (/^[0-9A-F]{24}/.test(name)) await copyFile(join(streamed, name), to).catch(() => undefined);
  }
  await run('chown', ['-R', '--reference', server.dataDirectory, data]);
  await writeFile(filesBeside(data).password, new URL(server.url).password, { mode: 0o600 });
  return startPostgresServer({
    dataDirectory: data,
    // No lower than on the server that was backed up.
    settings: { ...DURABLE, max_connections: '200' },
  });
}

const filesOf = async (repository: string): Promise<string[]> =>
  (await run('find', [repository, '-type', 'f', '-printf', '%P %s\n'])).stdout
    .split('\n')
    .toSorted();

/** The restored cluster archives its WAL and is backed up under a new name, and nothing of the old one's is overwritten. */
async function archivedUnderAnotherName(moved: (url: string) => string): Promise<void> {
  const before = await filesOf(join(barman.repository, 'wals'));
  const repository = await barman.add('login-etl-restored', {
    url: restored?.url ?? '',
    database: new URL(stack.databaseUrls.custodian).pathname.slice(1),
    hookEnvironment: hookEnvironment(moved(stack.databaseUrls.custodian)),
  });
  await until('its WAL is streamed', async () => {
    await barman.run('cron').catch(() => undefined);
    const files = await readdir(join(repository, 'streaming')).catch(() => []);
    return files.some((name) => /^[0-9A-F]{24}/.test(name));
  });
  await barman.run('backup', '--wait', 'login-etl-restored');
  expect(await barman.run('verify-backup', 'login-etl-restored', 'latest')).toContain(
    'successfully verified',
  );
  expect(await filesOf(join(barman.repository, 'wals'))).toEqual(before);
}

test(
  'a crash, a restore to a point in time and a recovery: nothing is lost, and the drill says how long it took',
  async () => {
    await barman.run('cron');
    await until('WAL is streamed', async () => {
      await barman.run('cron');
      const files = await readdir(join(barman.repository, 'streaming')).catch(() => []);
      return files.some((name) => /^[0-9A-F]{24}/.test(name));
    });
    const worker = await stack.spawnWorker();
    const ids = await send();
    const first = await stack.start({ lanes: 2, batchSize: 200 });
    await barman.run('backup', '--wait', 'login-etl');
    ids.push(...(await send()));
    await first.result();
    await stack.run();
    await barman.run('backup', '--wait', '--incremental', 'last-full', 'login-etl');
    const target = new Date();
    const atTarget = await storedMessages(stack);

    ids.push(...(await send()));
    const run2 = await stack.start({ lanes: 2, batchSize: 200 });
    await until('more are stored', async () => (await storedMessages(stack)) > atTarget + PART / 4);
    const custodian = custodianEnv(stack, stack.env.MASKING_KEYS ?? '');
    const erase = ['erase', '--user', 'user-7', '--reason', 'asked for', '--yes'];
    expect((await loginEtl(custodian, erase)).exitCode).toBe(0);
    const latest = join(directory, 'elsewhere', 'latest.json');
    const { stdout: head } = await loginEtl(custodian, ['audit', 'head', '--json']);
    await writeFile(latest, head);
    const { server } = stack.postgres as TestPostgres;
    const crashedAt = Date.now();
    await server.kill();

    // Pause; no run can end without a database. Then stop the workers.
    await loginEtl(stack.env, ['pause', '--timeout', '20s']);
    await worker.kill();
    const data = join(directory, 'restored');
    await barman.run(
      ...['restore', '--no-get-wal', '--local-staging-path', join(directory, 'staging')],
      ...['--target-time', target.toISOString(), '--target-action', 'promote'],
      ...['login-etl', 'latest', data],
    );
    restored = await startRestored();
    const moved = (url: string) =>
      Object.assign(new URL(url), { port: String(restored?.port) }).href;
    const env = { ...stack.env, DATABASE_URL: moved(stack.env.DATABASE_URL ?? '') };
    const custodianThere = { ...custodian, DATABASE_URL: moved(stack.databaseUrls.custodian) };
    const pool = new pg.Pool({ connectionString: moved(stack.databaseUrls.owner) });
    const superuser = new URL(restored.url);
    superuser.pathname = new URL(stack.databaseUrls.owner).pathname;
    const there = { ...stack, env, pool: new pg.Pool({ connectionString: superuser.href }) };
    await until('it has reached the target', async () => {
      const { rows } = await there.pool.query('select not pg_is_in_recovery() as done');
      return rows[0]?.done;
    });
    expect(await storedMessages(there)).toBe(atTarget);

    const verified = jsonOf<Verified>(
      await loginEtl(custodianThere, [
        ...['verify', '--restored', '--json', '--head', await kept('.before.json')],
      ]),
    );
    const of = (name: string) => verified.checks.find((check) => check.name === name);
    for (const name of [
      'database',
      'migrations',
      'audit log',
      'masks and originals',
      'quarantine',
    ]) {
      expect(of(name)).toMatchObject({ status: 'ok' });
    }

    await stack.spawnWorker(env);
    const recover = () =>
      loginEtl(custodianThere, [
        ...['recover', '--since', target.toISOString(), '--journal', latest, '--json'],
      ]);
    let recovered = await recover();
    // A run that had only its row in the ledger left to write ends first.
    await until('a recovery is not refused', async () => {
      if (recovered.stderr.includes('while ingestion runs')) recovered = await recover();
      return !recovered.stderr.includes('while ingestion runs');
    });
    expect(recovered).toMatchObject({ exitCode: 0 });
    await loginEtl(env, ['resume']);
    const rtoSeconds = (Date.now() - crashedAt) / 1_000;
    await run2.result();
    await runUntilEmpty(there);
    await expectOnceEach(there, ids);
    const { rows: originals } = await there.pool.query(
      `select from user_logins join sealed_originals on masked_value = decode(masked_device_id, 'hex')
       where user_id = 'user-7' limit 1`,
    );
    expect(originals).toEqual([]);
    const { rows: backups } = await there.pool.query('select label from backups');
    expect(backups.length).toBeGreaterThan(0);

    await archivedUnderAnotherName(moved);

    const newest = new Date((of('newest row')?.detail ?? '').split(',')[0] ?? '');
    const rpoSeconds = (crashedAt - newest.getTime()) / 1_000;
    const { counts } = jsonOf<{ counts: { inserted: number } }>(recovered);
    process.stdout.write(
      `${JSON.stringify({ drill: 'restore', messages: ids.length, rpoSeconds, rtoSeconds, recovered: counts.inserted, lost: 0 })}\n`,
    );
    await pool.end();
    await there.pool.end();
  },
  PATIENCE_MS * 2,
);

test('a flipped byte in a backup is found', async () => {
  const latest = ['verify-backup', 'login-etl', 'latest-full'];
  expect(await barman.run(...latest)).toContain('successfully verified');
  const base = join(barman.repository, 'base');
  const { stdout } = await run('find', [base, '-name', 'pg_xact', '-type', 'd']);
  const file = join(stdout.split('\n').toSorted().find(Boolean) ?? '', '0000');
  await chmod(file, 0o600);
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, 100);
  byte.writeUInt8(byte.readUInt8() ^ 1);
  await handle.write(byte, 0, 1, 100);
  await handle.close();
  expect(dirname(file)).toContain('pg_xact');
  await expect(barman.run(...latest)).rejects.toThrow();
}, 60_000);
