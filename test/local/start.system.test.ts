import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { jsonOf, loginEtl } from '../cli/login-etl.ts';
import { emptyDirectory, expectStops, npmStart } from './npm-start.ts';
import { familyOf } from './process/living-processes.ts';

async function databaseUrl(directory: string, file = 'env'): Promise<string> {
  const settings = await readFile(join(directory, '.local', file), 'utf8');
  return /^DATABASE_URL=(.*)$/m.exec(settings)?.[1] as string;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const rowsIn = async (url: string) =>
  (await query(url, 'select count(*)::int as rows from user_logins'))[0]?.rows;

const MAY = `
  select pg_has_role('login_etl_migrator', 'member') as owner, pg_has_role('login_etl_worker', 'member') as worker,
    pg_has_role('login_etl_analyst', 'member') as analyst, pg_has_role('login_etl_custodian', 'member') as custodian,
    pg_has_role('login_etl_reader', 'member') as api`;
const NONE = { owner: false, worker: false, analyst: false, custodian: false, api: false };

/** Each has the rights of one role; only the custodian's names the private key. */
async function expectOneRoleEach(directory: string): Promise<void> {
  const files = {
    worker: 'env',
    owner: 'owner.env',
    custodian: 'custodian.env',
    analyst: 'analyst.env',
    'codec-server': 'codec-server.env',
    api: 'api.env',
  };
  for (const [user, file] of Object.entries(files)) {
    const path = join(directory, '.local', file);
    expect((await stat(path)).mode & 0o077).toBe(0);
    expect((await readFile(path, 'utf8')).includes('vault-private')).toBe(user === 'custodian');
    expect(await query(await databaseUrl(directory, file), MAY)).toEqual([
      { ...NONE, [user === 'codec-server' ? 'custodian' : user]: true },
    ]);
  }
}

async function expectOnlyOwnerReads(keys: string): Promise<void> {
  const files = await readdir(keys);
  expect(files.length).toBe(4);
  for (const file of files) expect((await stat(join(keys, file))).mode & 0o077).toBe(0);
}

test('--once stores every sample, a second start keeps rows and keys, SIGTERM stops all of it in time, --reset deletes them', async () => {
  const directory = await emptyDirectory();
  const first = npmStart(directory, '--once');
  expect(await first.ended, first.output()).toBe(0);
  expect(first.output()).toContain('100 messages sent: 99 in user_logins, 1 in quarantine.');
  await expectOnlyOwnerReads(join(directory, '.local', 'keys'));
  const keys = await readFile(join(directory, '.local', 'keys', 'masking-keys.json'), 'utf8');

  const second = npmStart(directory);
  await second.says('codec-server-token');
  const login = /http:\S+\/codec\/login/.exec(second.output())?.[0] as string;
  const token = await readFile(join(directory, '.local', 'codec-server-token'), 'utf8');
  const body = new URLSearchParams({ token: token.trim() });
  const loggedIn = await fetch(login, { method: 'POST', body, redirect: 'manual' });
  expect(loggedIn.headers.get('location')).toBe(`${new URL(login).origin}/`);
  expect(await rowsIn(await databaseUrl(directory))).toBe(198);
  await expectOneRoleEach(directory);
  const api = /http:\S+(?=\/,)/.exec(second.output())?.[0] as string;
  const tokens = await readFile(join(directory, '.local', 'api-tokens.json'), 'utf8');
  const [{ token: apiToken }] = JSON.parse(tokens) as [{ token: string }];
  const found = await fetch(`${api}/v1/logins/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: '{"count": true}',
  });
  expect(await found.json()).toMatchObject({ count: { value: 198, at_least: false } });
  const migrate = await loginEtl({}, ['migrate', '--json'], { cwd: directory });
  expect(migrate.stderr).toContain('.local/owner.env');
  expect(jsonOf(migrate)).toMatchObject({ applied: [], owner: 'login_etl_migrator' });
  expect(await readFile(join(directory, '.local', 'keys', 'masking-keys.json'), 'utf8')).toBe(keys);

  const beside = npmStart(directory, '--once');
  expect(await beside.ended).toBe(1);
  expect(beside.output()).toContain('already running');

  expect((await familyOf(second.pid)).length).toBeGreaterThan(3);
  await expectStops(second, 'SIGTERM');
  expect(await second.ended).toBe(0);
  expect((await readdir(join(directory, '.local'))).filter((name) => name.endsWith('env'))).toEqual(
    [],
  );

  const reset = npmStart(directory, '--reset');
  await reset.says('What to do next');
  expect(await rowsIn(await databaseUrl(directory))).toBe(99);
  expect(await readFile(join(directory, '.local', 'keys', 'masking-keys.json'), 'utf8')).not.toBe(
    keys,
  );
}, 240_000);

// test/faults/worker/stopped-start.faults.test.ts stops it when all servers are up.
test.each([
  ['before any server is up', 'everything local'],
  ['when the first server is up', '✓'],
])(
  'SIGINT %s stops what was started, within 10 seconds',
  async (_when, said) => {
    const start = npmStart(await emptyDirectory());
    await start.says(said);
    await expectStops(start, 'SIGINT');
  },
  60_000,
);

test('an option that it does not know is a usage error', async () => {
  const start = npmStart(await emptyDirectory(), '--onec');
  expect(await start.ended).toBe(2);
  expect(start.output()).toContain('--once');
});
