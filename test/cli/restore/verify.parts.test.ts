import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { addMaskingKey } from '../../support/custodian.ts';
import { custodyOf } from '../../support/custody.ts';
import { loginMessages } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

/** A run for each row. */
const LEDGER = `
  insert into ingest_runs
  select run_id, 'run', '1', now(), now(), 'completed', 1, logins, 0, 1 - logins, 1, 1
  from (select run_id, 1 as logins from user_logins union all select run_id, 0 from quarantine) as stored`;

type Verified = { sound: boolean; checks: { name: string; status: string; detail: string }[] };

let database: TestDatabase;
let env: Record<string, string>;
let head: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const custody = custodyOf(database);
  env = { ...custody.env, VAULT_PUBLIC_KEY: inject('keys')[KEY_FILE_NAMES.vaultPublicKey] ?? '' };
  await custody.storeLogins(loginMessages(5));
  await custody.quarantine(['not JSON']);
  await database.pool.query(LEDGER);
  ({ stdout: head } = await loginEtl(env, ['audit', 'head', '--json', '--backup', 'one']));
});
afterAll(() => database?.remove());

/** The status and detail of each check. */
async function verify(settings: Record<string, string> = {}, ...args: string[]) {
  const result = await loginEtl({ ...env, ...settings }, ['verify', '--json', ...args], {
    stdin: head,
  });
  const { sound, checks } = jsonOf<Verified>(result);
  expect(result.exitCode).toBe(sound ? 0 : 1);
  const of = (name: string) => checks.find((check) => check.name === name);
  return {
    sound,
    of,
    failed: checks.filter(({ status }) => status === 'failed').map(({ name }) => name),
  };
}

test('an unchanged database verifies, with a list of what was not checked', async () => {
  const { failed, of } = await verify({}, '--head', '-', '--restored');
  expect(failed).toEqual([]);
  expect(of('audit log')?.detail).toContain('with the kept head');
  expect(of('tables and indexes')).toMatchObject({ status: 'warning' });
  expect(of('tables and indexes')?.detail).toContain('not checked');
  expect(of('masks and originals')).toMatchObject({ status: 'ok' });
  expect(of('newest row')?.detail).toMatch(/ ago$/);
});

test('amcheck reads every table and index where the user may run it', async () => {
  await database.pool.query('create extension amcheck');
  await database.pool.query(
    `grant execute on function bt_index_check(regclass, boolean), bt_index_check(regclass, boolean, boolean),
       bt_index_check(regclass), verify_heapam to login_etl_custodian`,
  );
  const { of } = await verify();
  expect(of('tables and indexes')).toMatchObject({ status: 'ok' });
  expect(of('tables and indexes')?.detail).toMatch(/^amcheck finds nothing in \d\d+ tables/);
});

test('a database that live workers use is refused as a restored one', async () => {
  await database.pool.query(
    `insert into workers (worker_id, identity, task_queue, build, mask_key_id, payload_key_ids)
     values ('${randomUUID()}', 'one', 'login-etl', '1', 'k', array['p'])`,
  );
  expect((await verify({}, '--restored')).failed).toEqual(['database']);
  expect((await verify()).failed).toEqual([]);
  await database.pool.query('delete from workers');
});

test('a masking key of rows that is missing, or another key by its id, is found', async () => {
  const others = addMaskingKey('{"keys":{}}', 'other', randomBytes(32));
  expect((await verify({ MASKING_KEYS: others })).failed).toEqual(['masks and originals']);
  const { active } = JSON.parse(env.MASKING_KEYS ?? '') as { active: string };
  const changed = addMaskingKey('{"keys":{}}', active, randomBytes(32));
  const { of } = await verify({ MASKING_KEYS: changed });
  expect(of('masks and originals')?.detail).toContain('another mask');
});

test('a private key that opens neither originals nor quarantine is found', async () => {
  const keys = await generateKeys('2026-11');
  const { failed } = await verify({
    VAULT_PRIVATE_KEY: keys[KEY_FILE_NAMES.vaultPrivateKey] ?? '',
  });
  expect(failed).toEqual(expect.arrayContaining(['quarantine', 'masks and originals']));
});

test('an audit log whose end was cut off looks whole, but does not have the head that was kept', async () => {
  ({ stdout: head } = await loginEtl(env, ['audit', 'head', '--json']));
  await database.pool.query(
    `alter table audit_log disable trigger append_only;
     delete from audit_log where id = (select max(id) from audit_log);
     alter table audit_log enable always trigger append_only`,
  );
  expect((await verify()).failed).toEqual([]);
  const { failed, of } = await verify({}, '--head', '-');
  expect(failed).toEqual(['audit log']);
  expect(of('audit log')?.detail).toContain('cut off');
  const audit = await loginEtl(env, ['audit', 'verify', '--head', '-'], { stdin: head });
  expect(audit.exitCode).toBe(1);
});

test('a head of another form is refused', async () => {
  const { exitCode, stderr } = await loginEtl(env, ['verify', '--head', '-'], { stdin: '{}' });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('audit head --json');
});

test('a backup is noted once, with the head of the audit log', async () => {
  const { rows } = await database.pool.query(
    `select label, finished_at - started_at = interval '1 day' as "aDay", audit_sequence is not null as headed from backups`,
  );
  expect(rows).toEqual([{ label: 'one', aDay: true, headed: true }]);
  expect((await loginEtl(env, ['audit', 'head', '--backup', 'one'])).exitCode).toBe(0);
});
