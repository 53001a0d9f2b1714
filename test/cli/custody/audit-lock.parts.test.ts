import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../login-etl.ts';

const IP = '203.0.113.177';
const LOGIN = loginMessage(1, { user_id: 'ann', ip: IP });

let database: TestDatabase;
let custody: Custody;
let messageId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  await custody.storeLogins([LOGIN]);
  [messageId] = (await custody.quarantine([LOGIN.slice(0, -1)])) as [string];
});
afterAll(() => database?.remove());

const COMMANDS: Readonly<Record<string, () => string[]>> = {
  reveal: () => ['reveal', '--ip', custody.mask('ip', IP)],
  find: () => ['find', '--ip', IP],
  'quarantine show': () => ['quarantine', 'show', messageId],
  'quarantine edit': () => ['quarantine', 'edit', messageId, '--set-body-file', '-'],
  'quarantine discard': () => ['quarantine', 'discard', messageId, '--yes'],
  erase: () => ['erase', '--ip', custody.mask('ip', IP), '--yes'],
};

test('every command with an audit record fails while another session holds the audit log, and names the session', async () => {
  const holder = await database.pool.connect();
  await holder.query("begin; insert into audit_log (action, reason) values ('test', 'holds it')");
  const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  const results = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, args]) => {
      const given = [...args(), '--reason', 'case 1'];
      const { exitCode, stdout, stderr } = await loginEtl(custody.env, given, { stdin: LOGIN });
      const named = stderr.includes(`session ${rows[0]?.pid} (`);
      return { name, exitCode, stdout, named: named || stderr };
    }),
  );
  await holder.query('rollback');
  holder.release();
  expect(results).toEqual(
    Object.keys(COMMANDS).map((name) => ({ name, exitCode: 1, stdout: '', named: true })),
  );
}, 60_000);
