import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Revealed } from '../../../src/cli/custody/reveal-originals.ts';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const IP = '198.51.100.23';
const DEVICE = 'device-reveal-1';
const REASON = ['--reason', 'case 4711'];
type Result = { auditId: string | null; revealed: Revealed[]; missing: string[] };

let database: TestDatabase;
let custody: Custody;
let messageId: string;
let ip: string;
let device: string;
let audits: number;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  ip = custody.mask('ip', IP);
  device = custody.mask('device_id', DEVICE);
});
beforeEach(async () => {
  await custody.clear();
  [messageId] = (await custody.storeLogins([loginMessage(1, { ip: IP, device_id: DEVICE })])) as [
    string,
  ];
  audits = (await custody.auditRows()).length;
});
afterAll(() => database?.remove());

const reveal = (...args: string[]) => loginEtl(custody.env, ['reveal', ...args]);
const newAudits = async () => (await custody.auditRows()).slice(audits);

describe('reveal', () => {
  test('shows the originals, and the record says who, why and which', async () => {
    const { exitCode, stdout } = await reveal('--ip', ip, '--device', device, ...REASON);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(IP);
    expect(stdout).toContain(DEVICE);
    expect(await newAudits()).toEqual([
      expect.objectContaining({
        actor: custody.user,
        action: 'reveal',
        reason: 'case 4711',
        detail: expect.objectContaining({ ips: [ip], devices: [device], originals: 2, missing: 0 }),
      }),
    ]);
  });

  test('warns of masking keys that other users can read', async () => {
    const { MASKING_KEYS = '', ...others } = custody.env;
    const directory = await mkdtemp(join(tmpdir(), 'reveal-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'masking-keys.json');
    await writeFile(file, MASKING_KEYS);
    await chmod(file, 0o604);
    const env = { ...others, MASKING_KEYS_FILE: file };
    const { exitCode, stderr } = await loginEtl(env, ['reveal', '--ip', ip, ...REASON]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `warning: MASKING_KEYS_FILE names ${file}, which other users can read`,
    );
  });

  test('finds what a rotation has set aside', async () => {
    await database.pool.query(`
      with moved as (delete from vault returning *) insert into vault_set_aside select * from moved`);
    expect((await reveal('--ip', ip, ...REASON)).stdout).toContain(IP);
  });

  test('of a message shows both of its values', async () => {
    const result = jsonOf<Result>(await reveal('--message', messageId, ...REASON, '--json'));
    expect(result.revealed).toEqual([
      { messageId, field: 'ip', maskedValue: ip, original: IP, check: 'matches' },
      { messageId, field: 'device_id', maskedValue: device, original: DEVICE, check: 'matches' },
    ]);
    expect(result.auditId).toBe((await newAudits())[0]?.id);
  });

  test('of a quarantined message shows its body: exact with --json, escaped on a terminal', async () => {
    const body = 'not JSON \u001b[2J 198.51.100.24';
    const [id] = (await custody.quarantine([body])) as [string];
    const result = jsonOf<Result>(await reveal('--message', id, ...REASON, '--json'));
    expect(result.revealed).toEqual([{ messageId: id, field: 'body', original: body }]);
    const { stdout } = await reveal('--message', id, ...REASON);
    expect(stdout).toContain('\\u001B[2J 198.51.100.24');
    expect(stdout).not.toContain('\u001b[2J');
  });

  test('reveals nothing if its audit record is refused', async () => {
    const { exitCode, stdout, stderr } = await custody.without('insert on audit_log', () =>
      reveal('--ip', ip, '--message', messageId, ...REASON),
    );
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('audit record could not be written');
    expect(stderr).toContain('login_etl_custodian');
    expect(await newAudits()).toEqual([]);
  });

  test('an unknown value is named, and leaves no record if nothing else was asked for', async () => {
    const unknown = custody.mask('ip', '203.0.113.1');
    const some = await reveal('--ip', ip, unknown, '--message', 'nobody', ...REASON, '--json');
    expect(some.exitCode).toBe(1);
    expect(jsonOf<Result>(some)).toMatchObject({
      revealed: [{ original: IP }],
      missing: [`ip ${unknown}`, 'message nobody'],
    });
    expect(await newAudits()).toHaveLength(1);
    const none = await reveal('--ip', unknown, ...REASON);
    expect(none.exitCode).toBe(1);
    expect(await newAudits()).toHaveLength(1);
  });

  const ids = Array.from({ length: 101 }, (_, index) => `message-${index}`);
  const hashes = ids.map((id) => createHash('sha256').update(id).digest('hex'));
  test.each([
    ['reveal', ['--message', ...ids]],
    ['reveal', ['--ip', ...hashes]],
    ['quarantine', ['show', ...ids]],
    ['erase', ['--device', ...hashes, '--yes']],
    ['erase', ['--ip', ...hashes.slice(0, 50), '--device', ...hashes.slice(50), '--yes']],
  ])(
    '%s: more than a hundred in one call are refused before anything is touched',
    async (name, args) => {
      const { exitCode, stderr } = await loginEtl(custody.env, [name, ...args, ...REASON]);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/101 were given, and the limit is 100|or 100 masked values at most/);
      expect(await newAudits()).toEqual([]);
    },
  );

  test.each([
    ['without a reason', () => ['--ip', ip]],
    ['with a blank reason', () => ['--ip', ip, '--reason', ' \t ']],
    ['without anything to reveal', () => [...REASON]],
    ['with an original in place of a masked value', () => ['--ip', IP, ...REASON]],
    ['with a device in place of a masked value', () => ['--device', DEVICE, ...REASON]],
  ])('%s it does nothing, and repeats no value', async (_how, args) => {
    const { exitCode, stdout, stderr } = await reveal(...args());
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain(IP);
    expect(stderr).not.toContain(DEVICE);
    expect(await newAudits()).toEqual([]);
  });

  test('another private key is refused with both ids, and leaves no record', async () => {
    const other = (await generateKeys('other'))[KEY_FILE_NAMES.vaultPrivateKey] ?? '';
    const env = { ...custody.env, VAULT_PRIVATE_KEY: other };
    const { exitCode, stdout, stderr } = await loginEtl(env, ['reveal', '--ip', ip, ...REASON]);
    expect([exitCode, stdout]).toEqual([1, '']);
    const { rows } = await database.pool.query('select distinct vault_key_id from vault_data_keys');
    expect(stderr).toContain(`sealed for ${rows[0].vault_key_id}`);
    expect(stderr).toContain('VAULT_PRIVATE_KEY');
    expect(stderr).not.toContain('BEGIN');
    expect(await newAudits()).toEqual([]);
  });

  test('an original that was swapped with another does not open, and is reported', async () => {
    await custody.storeLogins([loginMessage(2, { ip: '198.51.100.99' })]);
    await database.pool.query(
      `update vault set (sealed_value, data_key_id) =
         (select sealed_value, data_key_id from vault where masked_value = decode($1, 'hex'))
       where masked_value = decode($2, 'hex')`,
      [custody.mask('ip', '198.51.100.99'), ip],
    );
    const result = await reveal('--ip', ip, ...REASON, '--json');
    expect(result.exitCode).toBe(1);
    expect(jsonOf<Result>(result).revealed).toMatchObject([{ field: 'ip', original: null }]);
    expect(result.stdout).not.toContain('198.51.100.99');
  });
});

describe('an original is masked again', () => {
  test('a planted original does not match its masked value, and the command fails', async () => {
    await custody.plantOriginal('ip', ip, '203.0.113.66');
    const { exitCode, stdout } = await reveal('--ip', ip, ...REASON, '--json');
    expect(exitCode).toBe(1);
    expect((JSON.parse(stdout) as Result).revealed).toMatchObject([
      { original: '203.0.113.66', check: 'does not match' },
    ]);
    expect((await reveal('--ip', ip, ...REASON)).stdout).toContain('does not match');
  });

  test("it is not checked without the row's masking key", async () => {
    const env = Object.fromEntries(
      Object.entries(custody.env).filter(([name]) => name !== 'MASKING_KEYS'),
    );
    const result = await loginEtl(env, ['reveal', '--ip', ip, ...REASON, '--json']);
    expect(jsonOf<Result>(result).revealed).toMatchObject([{ original: IP, check: 'not checked' }]);
  });

  test('a row sealed for another key does not keep the others from being shown', async () => {
    await database.pool.query(
      `update vault_data_keys set vault_key_id = 'somebody-else' where id = (select data_key_id from vault where field = 'device_id')`,
    );
    const { stdout } = await reveal('--ip', ip, '--device', device, ...REASON, '--json');
    expect((JSON.parse(stdout) as Result).revealed).toHaveLength(2);
    expect(stdout).toContain(IP);
  });
});
