import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/postgres/logins/find-accounts.ts';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { findTraces } from '../../support/data/find-traces.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const IP = '2001:db8:77::beef';
const LONG_IP = '2001:0DB8:0077:0:0:0:0:BEEF';
const DEVICE = 'device-find-1';
const DAY_MS = 86_400_000;
type Result = {
  accounts: Account[];
  total: number;
  searched: { maskKeyId: string; maskedValue: string }[];
  notSearched: string[];
};

let database: TestDatabase;
let custody: Custody;
let audits: number;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
});
beforeEach(async () => {
  await custody.clear();
  await custody.storeLogins([
    loginMessage(1, { ip: IP, device_id: DEVICE, user_id: 'ann' }),
    loginMessage(2, { ip: IP, user_id: 'bob' }),
    loginMessage(3, { user_id: 'eve' }),
  ]);
  await custody.storeLogins([loginMessage(1, { ip: IP, device_id: DEVICE, user_id: 'ann' })], {
    sentAtMs: Date.now() - 10 * DAY_MS,
  });
  audits = (await custody.auditRows()).length;
});
afterAll(() => database?.remove());

const find = (args: string[], stdin?: string) =>
  loginEtl(custody.env, ['find', ...args], stdin === undefined ? {} : { stdin });
const newAudits = async () => (await custody.auditRows()).slice(audits);
const day = (agoMs = 0) => new Date(Date.now() - agoMs).toISOString().slice(0, 10);

describe('find', () => {
  test('names the accounts that share an address, with counts and days, however it is written', async () => {
    const { accounts, total } = jsonOf<Result>(await find(['--ip', LONG_IP, '--json']));
    expect(total).toBe(2);
    expect(accounts).toEqual([
      { userId: 'ann', logins: 2, firstDay: day(10 * DAY_MS), lastDay: day() },
      { userId: 'bob', logins: 1, firstDay: day(), lastDay: day() },
    ]);
  });

  test('reads a device from standard input', async () => {
    const { exitCode, stdout } = await find(['--device', '-'], `${DEVICE}\n`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/ann +2 /);
    expect(stdout).not.toContain('bob');
  });

  test('prints the masked values that it searched for, also when no account has them', async () => {
    const { stdout } = await find(['--ip', IP]);
    expect(stdout).toMatch(new RegExp(`test +${custody.mask('ip', IP)}\n\n`));
    const none = await find(['--ip', '203.0.113.99']);
    expect(none.stdout).toContain(custody.mask('ip', '203.0.113.99'));
    expect(none.stderr).toContain('no account has this value');
  });

  test('takes --since and --limit', async () => {
    const { accounts } = jsonOf<Result>(await find(['--ip', IP, '--since', '2d', '--json']));
    expect(accounts.map(({ userId, logins }) => [userId, logins])).toEqual([
      ['ann', 1],
      ['bob', 1],
    ]);
    const limited = await find(['--ip', IP, '--limit', '1']);
    expect(limited.stderr).toContain('and 1 more account(s)');
  });

  test('looks under every masking key, and among rows that were made without one', async () => {
    const ring = JSON.parse(custody.env.MASKING_KEYS ?? '') as { keys: Record<string, string> };
    const next = Buffer.alloc(32, 7).toString('base64');
    const both = JSON.stringify({ active: 'next', keys: { ...ring.keys, next } });
    await database.pool.query(
      `update user_logins set masked_ip = $1, mask_key_id = 'sha256' where user_id = 'eve'`,
      [createHash('sha256').update(IP).digest('hex')],
    );
    const env = { ...custody.env, MASKING_KEYS: both };
    const result = await loginEtl(env, ['find', '--ip', IP, '--json']);
    const { accounts, searched } = jsonOf<Result>(result);
    expect(accounts.map(({ userId }) => userId).toSorted()).toEqual(['ann', 'bob', 'eve']);
    expect(searched.map(({ maskKeyId }) => maskKeyId).toSorted()).toEqual(['sha256', 'test']);
    const [audit] = await newAudits();
    expect(audit?.detail).toEqual({
      field: 'ip',
      // Not the unkeyed one.
      maskedValues: [custody.mask('ip', IP)],
      maskKeyIds: ['test', 'sha256'],
      accounts: 3,
    });
  });

  test('says which rows it could not search since their key is missing', async () => {
    await database.pool.query(`update user_logins set mask_key_id = 'lost' where user_id = 'eve'`);
    const { exitCode, stderr } = await find(['--ip', IP]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('key(s) lost, which MASKING_KEYS does not contain');
  });

  test('writes an audit record, and shows nothing if the record is refused', async () => {
    await find(['--ip', IP, '--reason', 'case 1']);
    expect(await newAudits()).toEqual([
      expect.objectContaining({ actor: custody.user, action: 'find', reason: 'case 1' }),
    ]);
    const { exitCode, stdout } = await custody.without('insert on audit_log', () =>
      find(['--ip', IP]),
    );
    expect([exitCode, stdout]).toEqual([1, '']);
  });

  test('sends only the masked value to Postgres', async () => {
    const real = new URL(custody.env.DATABASE_URL ?? '');
    const sent: Buffer[] = [];
    const proxy = createServer((client) => {
      const server = connect(Number(real.port), real.hostname);
      client.on('data', (bytes) => sent.push(bytes));
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
      client.pipe(server).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const through = new URL(real);
      through.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const env = { ...custody.env, DATABASE_URL: through.href };
      const { exitCode } = await loginEtl(env, ['find', '--ip', LONG_IP]);
      expect(exitCode).toBe(0);
    } finally {
      proxy.close();
    }
    const bytes = Buffer.concat(sent);
    expect(bytes.toString('latin1')).toContain(custody.mask('ip', IP));
    expect(findTraces([{ place: 'Postgres', bytes }], [IP, LONG_IP])).toEqual([]);
  });

  test('the audit record does not contain the value in any form', async () => {
    await find(['--ip', IP]);
    const bytes = Buffer.from(JSON.stringify(await custody.auditRows()));
    expect(findTraces([{ place: 'audit_log', bytes }], [IP, LONG_IP])).toEqual([]);
  });

  test.each([
    [['--ip', '203.0.113.300'], '203.0.113.300'],
    [['--ip', 'fe80::1%eth0'], 'fe80::1'],
    [['--device', 'x'.repeat(257)], 'xxx'],
    [[], 'nothing'],
    [['--ip', IP, '--reason', ' '], IP],
  ])('with invalid options exits with 2 and repeats no value: %j', async (args, value) => {
    const { exitCode, stdout, stderr } = await find(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    if (value !== 'nothing') expect(stderr).not.toContain(value);
    expect(await newAudits()).toEqual([]);
  });
});
