import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { freePort } from '../../../src/local/ports/free-port.ts';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { findTraces } from '../../support/data/find-traces.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';

const IP = '203.0.113.177';
const DEVICE = 'canary-device-9f8e';
const LOGIN = loginMessage(1, { user_id: 'ann', ip: IP, device_id: DEVICE });
const PLANTED = [IP, DEVICE];
const REASON = ['--reason', 'case 1'];

let database: TestDatabase;
let custody: Custody;
let messageId: string;
let otherKey: string;
let nobody: string;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  await custody.storeLogins([LOGIN]);
  [messageId] = (await custody.quarantine([LOGIN.slice(0, -1)])) as [string];
  otherKey = (await generateKeys('other'))[KEY_FILE_NAMES.vaultPrivateKey] ?? '';
  nobody = `127.0.0.1:${await freePort()}`;
});
afterAll(() => database?.remove());

const COMMANDS: Readonly<Record<string, () => string[]>> = {
  reveal: () => ['reveal', '--ip', custody.mask('ip', IP), '--message', messageId],
  find: () => ['find', '--ip', IP],
  mask: () => ['mask', '--device'],
  'quarantine list': () => ['quarantine', 'list', '--messages'],
  'quarantine show': () => ['quarantine', 'show', messageId],
  'quarantine edit': () => ['quarantine', 'edit', messageId, '--set-body-file', '-'],
  'quarantine replay': () => ['quarantine', 'replay', messageId],
  'quarantine discard': () => ['quarantine', 'discard', messageId, '--yes'],
  erase: () => ['erase', '--ip', custody.mask('ip', IP), '--yes'],
};

const TROUBLES: Readonly<
  Record<string, (run: (env: Record<string, string>) => Promise<unknown>) => Promise<unknown>>
> = {
  'nothing is configured': (run) => run({ DATABASE_URL: '', VAULT_PRIVATE_KEY: '' }),
  'the database is down': (run) => run({ DATABASE_URL: `postgres://a:pa55word@${nobody}/x` }),
  'the database user may do nothing': (run) => run({ DATABASE_URL: database.urls.analyst }),
  'the key is another': (run) => run({ VAULT_PRIVATE_KEY: otherKey }),
  'the key is none': (run) => run({ VAULT_PRIVATE_KEY: `${IP} ${DEVICE}` }),
  'nothing can be put on record': (run) => custody.without('insert on audit_log', () => run({})),
  'what is sealed was damaged': async (run) => {
    await database.pool.query('update quarantine set sealed_body = sealed_body || sealed_body');
    await database.pool.query('update vault set sealed_value = sealed_value || sealed_value');
    await run({});
  },
};

const cases = Object.entries(COMMANDS).flatMap(([name, args]) =>
  Object.entries(TROUBLES).map(([trouble, arrange]) => ({ name, trouble, args, arrange })),
);

test.each(cases)('$name, when $trouble, writes no value', async ({ name, args, arrange }) => {
  const reason = name === 'quarantine list' ? [] : REASON;
  let written = '';
  await arrange(async (changes) => {
    const env = { ...custody.env, TEMPORAL_ADDRESS: nobody, ...changes };
    const { stdout, stderr } = await loginEtl(env, [...args(), ...reason], { stdin: LOGIN });
    written = stdout + stderr;
  });
  expect(written).not.toBe('');
  expect(written).not.toContain('pa55word');
  expect(findTraces([{ place: name, bytes: Buffer.from(written) }], PLANTED)).toEqual([]);
});

test.each([
  ['reveal', '--ip', IP],
  ['reveal', '--device', DEVICE],
  ['reveal', DEVICE],
  ['mask', '--ip', IP],
  ['mask', '--device', DEVICE],
  ['mask', IP],
  ['find', '--ip', `${IP}/32`],
  ['find', '--ip', DEVICE],
  ['find', IP],
  ['find', '--ip', IP, '--device', DEVICE],
  ['find', '--device', DEVICE.repeat(30)],
  ['erase', '--ip', IP],
  ['erase', '--device', DEVICE],
  ['quarantine', 'discard', '--for'],
  ['quarantine', 'edit', 'any', '--set-body-file', '/nowhere'],
])('a value in the wrong place of the command line is not repeated: %s %s', async (...args) => {
  const { exitCode, stdout, stderr } = await loginEtl(custody.env, [...args, ...REASON]);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(findTraces([{ place: 'stderr', bytes: Buffer.from(stderr) }], PLANTED)).toEqual([]);
});
