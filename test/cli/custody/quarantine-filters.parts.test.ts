import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const REASON = ['--reason', 'case 12'];
const NOT_JSON = 'message: is not JSON';

let database: TestDatabase;
let custody: Custody;
let env: Record<string, string>;
let id: string;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  env = {
    ...custody.env,
    TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
    PAYLOAD_KEYS: JSON.stringify({
      active: 'p',
      keys: { p: Buffer.alloc(32, 3).toString('base64') },
    }),
  };
});
beforeEach(async () => {
  await custody.clear();
  [id] = (await custody.quarantine(['one'])) as [string];
});
afterAll(() => database?.remove());

const quarantine = (...args: string[]) => loginEtl(env, ['quarantine', ...args]);

describe('a mistyped reason or id is an error that names it, and nothing changes', () => {
  test.each([
    ['list', '--for', 'message: is not jason'],
    ['list', '--messages', '--for', 'no such reason'],
    ['list', '--by', 'app-version', '--for', 'ip: is not an IP adress', ...REASON],
    ['list', '--for', 'user_logins: is refused by Postgres (23514, no_such)'],
    ['replay', '--for', 'message: is not jason', ...REASON],
    ['replay', '--for', 'message: is not jason', '--dry-run', ...REASON],
    ['discard', '--for', 'message: is not jason', '--yes', ...REASON],
    ['discard', '--for', 'message: is not jason', '--dry-run', ...REASON],
  ])('a reason: %s', async (...args) => {
    const { exitCode, stdout, stderr } = await quarantine(...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`"${args[args.indexOf('--for') + 1]}"`);
    expect(stderr).toContain(`"${NOT_JSON}"`);
  });

  test('a reason for the audit log where one to list by is meant', async () => {
    const { exitCode, stdout, stderr } = await quarantine('list', '--reason', NOT_JSON);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--for');
  });

  test.each([['replay'], ['discard', '--yes'], ['discard', '--dry-run']])(
    'an id: %s %s',
    async (command, ...options) => {
      const wrong = randomUUID();
      const args = [command, id, wrong, ...options, ...REASON];
      const { exitCode, stdout, stderr } = await quarantine(...args);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain(wrong);
      expect(stderr).not.toContain(id);
      const { rows } = await database.pool.query('select message_id from quarantine');
      expect(rows).toEqual([{ message_id: id }]);
    },
  );

  test('a reason without messages and an id that has departed are not mistyped', async () => {
    expect((await quarantine('list', '--for', 'ip: is not an IP address')).exitCode).toBe(0);
    await quarantine('discard', id, '--yes', ...REASON);
    const again = await quarantine('discard', id, '--yes', ...REASON);
    expect(again).toMatchObject({ exitCode: 1, stdout: 'discarded 0 message(s)\n' });
    expect(again.stderr).toContain('left quarantine before');
  });
});

describe('quarantine list --by', () => {
  const app = (version: unknown) => loginMessage(1, { app_version: version, ip: 5 });
  beforeEach(async () => {
    await custody.clear();
    await custody.quarantine(
      [app('3.1'), app('3.1'), app('3.0'), app(undefined), app('x'.repeat(33))],
      'ip: is not a string',
    );
    await custody.quarantine([app('3.1').slice(0, -1), 'garbage']);
  });
  const audits = async () => (await custody.auditRows()).length;

  test('counts by a field of the sender, also in broken messages, on the record', async () => {
    const before = await audits();
    const result = await quarantine('list', '--by', 'app-version', '--json', ...REASON);
    const { groups } = jsonOf<{ groups: object[] }>(result);
    expect(groups).toHaveLength(5);
    expect(groups).toEqual(
      expect.arrayContaining([
        { value: '3.1', reason: 'ip: is not a string', messages: 2 },
        { value: '3.0', reason: 'ip: is not a string', messages: 1 },
        { value: null, reason: 'ip: is not a string', messages: 2 },
        { value: '3.1', reason: NOT_JSON, messages: 1 },
        { value: null, reason: NOT_JSON, messages: 1 },
      ]),
    );
    expect((await custody.auditRows()).slice(before)).toMatchObject([
      { action: 'quarantine-show', reason: 'case 12', detail: { by: 'app-version' } },
    ]);
    const table = await quarantine('list', '--by', 'device-type', '--for', NOT_JSON, ...REASON);
    expect(table.stdout).toMatch(/device type +reason +messages/);
  });

  test('needs a reason and the private key, and opens nothing without its record', async () => {
    const before = await audits();
    expect(await quarantine('list', '--by', 'app-version')).toMatchObject({ exitCode: 2 });
    const { VAULT_PRIVATE_KEY: _, ...withoutKey } = env;
    const args = ['quarantine', 'list', '--by', 'app-version', ...REASON];
    expect((await loginEtl(withoutKey, args)).stderr).toContain('VAULT_PRIVATE_KEY');
    const unrecorded = await custody.without('insert on audit_log', () => loginEtl(env, args));
    expect([unrecorded.exitCode, unrecorded.stdout]).toEqual([1, '']);
    expect(await audits()).toBe(before);
  });

  test('accepts only fields that do not identify a person', async () => {
    const { exitCode, stderr } = await quarantine('list', '--by', 'user-id', ...REASON);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('app-version, device-type');
  });
});
