import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const REASON = ['--reason', 'case 12'];
const RECEIVED = '{"user_id": "ann", "ip": "198.51.100.77"}';
const STILL_BAD = '{"user_id": "ann"}';
const FIXED = loginMessage(1, { user_id: 'ann' });
type Version = {
  number: number;
  by: string | null;
  since: string | null;
  current: boolean;
  reason: string;
  body: string | null;
  faults: string[];
};
type Shown = { messages: { body: string; faults: string[]; versions: Version[] }[] };

let database: TestDatabase;
let custody: Custody;
let id: string;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
});
beforeEach(async () => {
  await custody.clear();
  [id] = (await custody.quarantine([RECEIVED], 'app_version: is missing')) as [string];
});
afterAll(() => database?.remove());

const quarantine = (args: string[], stdin = '') =>
  loginEtl(custody.env, ['quarantine', ...args, ...REASON], { stdin });
const edit = (body: string, ...options: string[]) =>
  quarantine(['edit', id, '--set-body-file', '-', ...options], body);
const versions = async () =>
  jsonOf<Shown>(await quarantine(['show', id, '--versions', '--json'])).messages[0]?.versions;
const kept = async () =>
  (
    await database.pool.query<{ id: string }>(
      'select message_id as id from quarantine_versions order by message_id, number',
    )
  ).rows.map((row) => row.id);

describe('an edit', () => {
  test('keeps every body that it replaces, sealed, with who wrote it and when', async () => {
    expect((await edit(STILL_BAD, '--force')).exitCode).toBe(0);
    expect((await edit(FIXED)).exitCode).toBe(0);
    expect(await versions()).toMatchObject([
      { number: 1, by: null, body: RECEIVED, reason: 'app_version: is missing', current: false },
      { number: 2, by: custody.user, body: STILL_BAD, current: false },
      { number: 3, by: custody.user, body: FIXED, faults: [], current: true },
    ]);
    for (const { since } of (await versions()) ?? []) expect(Date.parse(since ?? '')).not.toBeNaN();
    const { rows } = await database.pool.query<{ sealed: Buffer }>(
      'select sealed_body as sealed from quarantine_versions',
    );
    expect(Buffer.concat(rows.map(({ sealed }) => sealed)).toString('latin1')).not.toContain('ann');
    const { stdout } = await quarantine(['show', id, '--versions']);
    expect(stdout).toContain('version 1, as delivered since ');
    expect(stdout).toContain(`version 3 (current), written by ${custody.user} since `);
  });

  test('of a body that would be quarantined again is refused, with all of its faults, and changes nothing', async () => {
    const { exitCode, stderr } = await edit(STILL_BAD);
    expect(exitCode).toBe(1);
    for (const field of ['app_version', 'device_type', 'ip', 'device_id']) {
      expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`${field}: is missing`);
    }
    expect(stderr).toContain('--force');
    expect(await versions()).toMatchObject([{ number: 1, body: RECEIVED, current: true }]);
  });

  test('with --force takes it, and the message gets its new reason and faults', async () => {
    const result = jsonOf(await edit('{"user_id": ""}', '--force', '--json'));
    expect(result).toMatchObject({ changed: true, reason: 'user_id: is empty' });
    const listed = await loginEtl(custody.env, ['quarantine', 'list', '--messages', '--json']);
    const [message] = jsonOf<{ messages: { reason: string; faults: string[] }[] }>(listed).messages;
    expect(message?.reason).toBe('user_id: is empty');
    expect(message?.faults).toHaveLength(5);
  });

  test('by SQL cannot overwrite a body either, and nobody changes a version', async () => {
    const as = custody.env.DATABASE_URL ?? '';
    const { default: pg } = await import('pg');
    const client = new pg.Client(as);
    await client.connect();
    try {
      await client.query(`update quarantine set sealed_body = 'x'`);
      expect(await kept()).toEqual([id]);
      for (const statement of [
        `update quarantine_versions set replaced_by = 'eve'`,
        `insert into quarantine_versions (message_id, number, reason, sealed_body, vault_key_id)
         values ('m', 1, 'r', 's', 'v')`,
      ]) {
        await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
      }
    } finally {
      await client.end();
    }
  });
});

describe('the versions of a message', () => {
  beforeEach(async () => {
    await edit(FIXED);
  });
  const leave = () => database.pool.query('delete from quarantine');

  test('are shown after it was replayed', async () => {
    await leave();
    expect(await versions()).toMatchObject([{ number: 1, body: RECEIVED, current: false }]);
    expect((await quarantine(['show', id])).exitCode).toBe(1);
  });

  test('are opened on the record only', async () => {
    const { exitCode, stdout } = await custody.without('insert on audit_log', () =>
      quarantine(['show', id, '--versions']),
    );
    expect([exitCode, stdout]).toEqual([1, '']);
  });

  test('go with a discard', async () => {
    await quarantine(['discard', id, '--yes']);
    expect(await kept()).toEqual([]);
  });

  test('keep their vault key in use, as keys list shows', async () => {
    const { rows } = await database.pool.query<{ key: string }>(
      `update quarantine_versions set vault_key_id = 'older' returning vault_key_id as key`,
    );
    expect(rows).toHaveLength(1);
    const list = await loginEtl(custody.env, ['keys', 'list', '--json']);
    expect(jsonOf<{ id: string }[]>(list).map((key) => key.id)).toContain('older');
  });

  test.each([
    ['--user', 'ann'],
    ['--user', 'ann', 'replayed'],
  ])('are erased with the user: %s %s %s', async (option, user, replayed?: string) => {
    if (replayed) await leave();
    const args = ['erase', option, user, '--yes', '--json', ...REASON];
    const result = jsonOf<{ quarantine: object }>(await loginEtl(custody.env, args));
    expect(await kept()).toEqual([]);
    if (replayed) expect(result.quarantine).toMatchObject({ erased: 0, versions: 1 });
  });

  test('are erased with the user whose login the message became, also where they do not name the user', async () => {
    await custody.clear();
    [id] = (await custody.quarantine(['{"ip": "198.51.100.77"}'])) as [string];
    await edit(FIXED);
    await leave();
    const [stored] = await custody.storeLogins([FIXED]);
    await database.pool.query('update user_logins set message_id = $1 where message_id = $2', [
      id,
      stored,
    ]);
    await loginEtl(custody.env, ['erase', '--user', 'bob', '--yes', ...REASON]);
    expect(await kept()).toEqual([id]);
    await loginEtl(custody.env, ['erase', '--user', 'ann', '--yes', ...REASON]);
    expect(await kept()).toEqual([]);
  });

  test("of others' messages stay", async () => {
    await loginEtl(custody.env, ['erase', '--user', 'bob', '--yes', ...REASON]);
    expect(await kept()).toEqual([id]);
  });
});
