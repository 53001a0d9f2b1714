import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../stack/custody.ts';
import { createTestDatabase, type TestDatabase } from '../stack/test-database.ts';
import { jsonOf, loginEtl } from './login-etl.ts';

const REASON = ['--reason', 'case 12'];
const BODY = '{"ip": "198.51.100.77", "note": "ünï🦊"}';

let database: TestDatabase;
let custody: Custody;
let ids: string[];
let audits: number;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
});
beforeEach(async () => {
  await custody.clear();
  ids = [
    ...(await custody.quarantine([BODY], 'user_id: is missing')),
    ...(await custody.quarantine(['one', 'two'])),
  ];
  audits = (await custody.auditRows()).length;
});
afterAll(() => database?.remove());

const quarantine = (...args: string[]) => loginEtl(custody.env, ['quarantine', ...args]);
const newAudits = async () => (await custody.auditRows()).slice(audits);
const inQuarantine = async () =>
  (await database.pool.query<{ id: string }>('select message_id as id from quarantine')).rows.map(
    ({ id }) => id,
  );

describe('quarantine list', () => {
  const withoutKey = (...args: string[]) =>
    loginEtl({ DATABASE_URL: custody.env.DATABASE_URL ?? '' }, ['quarantine', 'list', ...args]);

  test('counts by reason, without the private key and without a record', async () => {
    const { exitCode, stdout } = await withoutKey();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/message: is not JSON +│ +2 /);
    const { reasons } = jsonOf<{ reasons: object[] }>(await withoutKey('--json'));
    expect(reasons).toMatchObject([
      { reason: 'message: is not JSON', messages: 2 },
      { reason: 'user_id: is missing', messages: 1 },
    ]);
    expect(await newAudits()).toEqual([]);
  });

  test('names the messages, none of their values', async () => {
    const { stdout } = await withoutKey('--messages', '--for', 'user_id: is missing', '--json');
    expect(JSON.parse(stdout).messages).toMatchObject([{ messageId: ids[0] }]);
    expect(stdout).not.toContain('198.51.100.77');
    expect((await withoutKey('--messages', '--limit', '1')).stdout.match(/is /g)).toHaveLength(1);
  });
});

describe('quarantine show', () => {
  test('opens a body, and the record names the message', async () => {
    const result = await quarantine('show', ids[0] as string, ...REASON, '--json');
    expect(jsonOf(result)).toEqual({
      messages: [{ messageId: ids[0], reason: 'user_id: is missing', body: BODY }],
      missing: [],
    });
    expect(await newAudits()).toMatchObject([
      { action: 'quarantine-show', reason: 'case 12', detail: { messageIds: [ids[0]] } },
    ]);
  });

  test('no record, no body', async () => {
    const { exitCode, stdout, stderr } = await custody.without('insert on audit_log', () =>
      quarantine('show', ...ids, ...REASON),
    );
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).not.toContain('198.51.100.77');
  });

  test('needs the private key, and says so', async () => {
    const { VAULT_PRIVATE_KEY: _, ...env } = custody.env;
    const { exitCode, stderr } = await loginEtl(env, ['quarantine', 'show', 'x', ...REASON]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('VAULT_PRIVATE_KEY');
  });

  test('what is not there is named', async () => {
    const { exitCode, stderr } = await quarantine('show', 'nobody', ...REASON);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('not in quarantine: nobody');
  });
});

describe('quarantine discard', () => {
  test('deletes what was named, on the record, and without the private key', async () => {
    const { VAULT_PRIVATE_KEY: _, ...env } = custody.env;
    const args = ['quarantine', 'discard', ids[1] as string, ...REASON, '--yes', '--json'];
    const result = await loginEtl(env, args);
    expect(jsonOf(result)).toMatchObject({ there: 1, discarded: 1 });
    expect((await inQuarantine()).toSorted()).toEqual([ids[0], ids[2]].toSorted());
    expect(await newAudits()).toMatchObject([
      { action: 'quarantine-discard', detail: { messageIds: [ids[1]], messages: 1 } },
    ]);
  });

  test('deletes all of a reason, or all', async () => {
    await quarantine('discard', '--for', 'message: is not JSON', ...REASON, '--yes');
    expect(await inQuarantine()).toEqual([ids[0]]);
    await quarantine('discard', '--all', ...REASON, '--yes');
    expect(await inQuarantine()).toEqual([]);
  });

  test('deletes nothing without the record', async () => {
    const { exitCode } = await custody.without('insert on audit_log', () =>
      quarantine('discard', '--all', ...REASON, '--yes'),
    );
    expect(exitCode).toBe(1);
    expect(await inQuarantine()).toHaveLength(3);
  });

  test('deletes nothing on a dry run, or when nobody can be asked', async () => {
    const dry = await quarantine('discard', '--all', ...REASON, '--dry-run');
    expect(dry.stdout).toContain('would discard 3 message(s)');
    const unasked = await quarantine('discard', '--all', ...REASON);
    expect([unasked.exitCode, unasked.stdout]).toEqual([2, '']);
    expect(unasked.stderr).toContain('--yes');
    expect(await inQuarantine()).toHaveLength(3);
    expect(await newAudits()).toEqual([]);
  });

  test.each([[[]], [['--all', 'x']], [['--all', '--for', 'x']]])(
    'wants to know which, in one way: %j',
    async (args) => {
      expect((await quarantine('discard', ...args, ...REASON, '--yes')).exitCode).toBe(2);
      expect(await inQuarantine()).toHaveLength(3);
    },
  );
});
