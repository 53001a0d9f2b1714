import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { generateKeys, KEY_FILE_NAMES } from '../../../src/crypto/keys/generate-keys.ts';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';
import { NO_TEMPORAL } from '../no-temporal.ts';

const REASON = ['--reason', 'art. 17'];
const SHARED_IP = '198.51.100.7';
const ANN = loginMessage(1, { user_id: 'ann', ip: SHARED_IP, device_id: 'ann-phone' });
const BOB = loginMessage(2, { user_id: 'bob', ip: SHARED_IP, device_id: 'bob-phone' });
const BROKEN = [
  JSON.stringify({ user_id: 'ann', ip: 5 }),
  `cut off {"user_id":"bob","ip":"${SHARED_IP}`,
  'about nobody',
];
type Result = {
  auditId: string;
  vault: { ips: number; devices: number; shared: number; dataKeys: number };
  quarantine: {
    searched: number;
    erased: number;
    notOpened: number;
    near: string[];
    originalsNotUsable: number;
  };
  remains: object;
};

let database: TestDatabase;
let custody: Custody;
let env: Record<string, string>;
let quarantined: [string, string, string];
let audits: number;

beforeAll(async () => {
  database = await createTestDatabase();
  custody = custodyOf(database);
  env = { ...custody.env, ...NO_TEMPORAL };
});
beforeEach(async () => {
  await custody.clear();
  await custody.storeLogins([ANN, ANN, BOB]);
  quarantined = (await custody.quarantine(BROKEN)) as typeof quarantined;
  audits = (await custody.auditRows()).length;
});
afterAll(() => database?.remove());

const erase = (...args: string[]) => loginEtl(env, ['erase', ...args, ...REASON]);
const newAudits = async () => (await custody.auditRows()).slice(audits);

async function column(query: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ value: string }>(query);
  return rows.map(({ value }) => value).toSorted();
}
const inVault = () => column(`select encode(masked_value, 'hex') as value from vault`);
const inQuarantine = () => column('select message_id as value from quarantine');
const masked = (...values: ['ip' | 'device_id', string][]) =>
  values.map(([field, value]) => custody.mask(field, value)).toSorted();

describe('erase --user', () => {
  test("takes the user's originals and quarantined messages, counts them on record, and leaves others'", async () => {
    const result = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(result).toMatchObject({
      vault: { ips: 1, devices: 1, shared: 1, dataKeys: 2 },
      quarantine: { searched: 3, erased: 1, notOpened: 0 },
      remains: { historyRetentionDays: null },
    });
    expect(await inVault()).toEqual(masked(['device_id', 'bob-phone']));
    expect(await inQuarantine()).toEqual(quarantined.slice(1).toSorted());
    expect(await column('select user_id as value from user_logins')).toEqual(['ann', 'ann', 'bob']);
    expect(await newAudits()).toMatchObject([
      { action: 'erase-search', reason: 'art. 17', detail: { userId: 'ann' } },
      {
        id: result.auditId,
        action: 'erase',
        detail: {
          userId: 'ann',
          vault: result.vault,
          quarantine: { ...result.quarantine, near: 0 },
        },
      },
    ]);
  });

  test('an erased original cannot be revealed', async () => {
    await erase('--user', 'ann', '--yes');
    const args = ['reveal', '--ip', custody.mask('ip', SHARED_IP), '--reason', 'x'];
    const { exitCode, stdout } = await loginEtl(env, args);
    expect([exitCode, stdout]).toEqual([1, '']);
  });

  test('with --keep-shared leaves values that other accounts have, too', async () => {
    const args = ['--user', 'ann', '--keep-shared', '--yes', '--json'];
    expect(jsonOf<Result>(await erase(...args)).vault).toEqual({
      ...{ ips: 0, devices: 1, shared: 0, dataKeys: 1 },
    });
    expect(await inVault()).toEqual(masked(['ip', SHARED_IP], ['device_id', 'bob-phone']));
  });

  test('keeps a data key that other originals need', async () => {
    await database.pool.query(
      'update vault set data_key_id = (select id from vault_data_keys limit 1)',
    );
    const { vault } = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(vault.dataKeys).toBe(0);
  });

  test('erases originals that a rotation has set aside, too', async () => {
    await database.pool.query('insert into vault_set_aside select * from vault');
    const { vault } = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(vault).toEqual({ ips: 1, devices: 1, shared: 1, dataKeys: 2 });
    expect(await column('select field as value from vault_set_aside')).toEqual(['device_id']);
  });

  test('a second time, after a rotation, erases what the rotation has written with the new key', async () => {
    await erase('--user', 'ann', '--yes');
    // As a step leaves it: the original under its new masked value, and the rows with that.
    const remasked = 'cd'.repeat(32);
    await custody.plantOriginal('ip', remasked, SHARED_IP);
    await database.pool.query(`update user_logins set masked_ip = $1 where user_id = 'ann'`, [
      remasked,
    ]);
    expect(await inVault()).toContain(remasked);
    const { vault } = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(vault).toMatchObject({ ips: 1, devices: 0 });
    expect(await inVault()).toEqual(masked(['device_id', 'bob-phone']));
  });

  test('names the places that still hold the value', async () => {
    const { stdout, stderr } = await erase('--user', 'ann', '--yes');
    expect(stdout).toContain('1 of them shared with other accounts');
    for (const words of ['workflow history', 'backups', 'vacuum', 'SQS']) {
      expect(stderr).toContain(words);
    }
  });
});

describe('erase --ip, --device', () => {
  test('takes the original and every quarantined message that holds it', async () => {
    const result = await erase('--ip', custody.mask('ip', SHARED_IP), '--yes', '--json');
    expect(jsonOf<Result>(result)).toMatchObject({
      vault: { ips: 1, devices: 0, dataKeys: 1 },
      quarantine: { searched: 3, erased: 1 },
    });
    expect(await inQuarantine()).toEqual([quarantined[0], quarantined[2]].toSorted());
    expect(result.stdout + result.stderr).not.toContain(SHARED_IP);
  });
});

describe('erase', () => {
  test('searches more messages than it holds in memory at once', async () => {
    await custody.quarantine(
      Array.from({ length: 70 }, (_, n) => `user_id=${n % 2 ? 'ann' : 'eve'}`),
    );
    const { quarantine } = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(quarantine).toMatchObject({ searched: 73, erased: 36, notOpened: 0 });
  });

  test('erases nothing while a replay has released messages', async () => {
    await database.pool.query('update quarantine set released_for = gen_random_uuid()');
    const { exitCode, stderr } = await erase('--user', 'ann', '--yes');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('3 quarantined message(s) are being replayed');
    expect(await inVault()).toHaveLength(3);
  });

  test('opens and erases nothing if its audit record is refused', async () => {
    const { exitCode } = await custody.without('insert on audit_log', () =>
      erase('--user', 'ann', '--yes'),
    );
    expect(exitCode).toBe(1);
    expect(await inVault()).toHaveLength(3);
    expect(await inQuarantine()).toHaveLength(3);
  });

  test('erases nothing on a dry run, or without a terminal to confirm', async () => {
    const dry = await erase('--user', 'ann', '--dry-run', '--json');
    expect(jsonOf(dry)).toEqual({
      dryRun: true,
      logins: 2,
      vault: { ips: 1, devices: 1, shared: 1 },
      toSearch: 3,
    });
    expect((await erase('--user', 'ann')).exitCode).toBe(2);
    expect(await inVault()).toHaveLength(3);
    expect(await newAudits()).toEqual([]);
  });

  test('says that messages sealed for another key could not be searched, and fails', async () => {
    const other = (await generateKeys('other'))[KEY_FILE_NAMES.vaultPrivateKey] ?? '';
    const args = ['erase', '--user', 'ann', '--yes', ...REASON];
    const { exitCode, stderr } = await loginEtl({ ...env, VAULT_PRIVATE_KEY: other }, args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('3 quarantined message(s) do not open with this key');
  });

  test.each([
    [[]],
    [['--user', ' ']],
    [['--user', 'ann', '--ip', 'a'.repeat(64)]],
    [['--ip', SHARED_IP]],
    [['--ip', 'a'.repeat(64), '--keep-shared']],
  ])('with invalid options exits with 2 and repeats no value: %j', async (args) => {
    const { exitCode, stdout, stderr } = await erase(...args, '--yes');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain(SHARED_IP);
    expect(await newAudits()).toEqual([]);
  });
});

describe('messages in quarantine about the subject', () => {
  const about = async (bodies: string[]) => {
    await database.pool.query('truncate quarantine');
    return (await custody.quarantine(bodies)).toSorted();
  };

  test('are found in every form that ingestion rejects', async () => {
    await about([
      '{"user_id":"ann","user_id":"carl","ip":5}',
      '{"user_id":"\\u0061nn", broken',
      '{"user_id":"  ann "}',
      JSON.stringify({ Type: 'Notification', Message: '{"user_id":"ann"}' }),
    ]);
    const result = jsonOf<Result>(await erase('--user', 'ann', '--yes', '--json'));
    expect(result.quarantine).toMatchObject({ searched: 4, erased: 4, near: [] });
  });

  test('also hold the address with a port or leading zeros', async () => {
    await about([
      '{"ip":"198.51.100.7:443"}',
      '{"ip":"198.051.100.007"}',
      '{"ip":"198.51.100.70"}',
    ]);
    const args = ['--ip', custody.mask('ip', SHARED_IP), '--yes', '--json'];
    expect(jsonOf<Result>(await erase(...args)).quarantine).toMatchObject({
      searched: 3,
      erased: 2,
    });
  });

  test('are listed and kept when they only resemble the subject, until they are asked for', async () => {
    const [id] = await about(['{"user_id":"ANN"}']);
    const kept = await erase('--user', 'ann', '--yes', '--json');
    expect(kept.exitCode).toBe(1);
    expect((JSON.parse(kept.stdout) as Result).quarantine).toMatchObject({ erased: 0, near: [id] });
    expect(kept.stderr).toContain(`${id}`);
    const gone = await erase('--user', 'ann', '--yes', '--include-near', '--json');
    expect(jsonOf<Result>(gone).quarantine).toMatchObject({ erased: 1, near: [] });
  });
});

test.each([
  [['--user', 'anne'], 'this account is unknown'],
  [['--ip', 'a'.repeat(64)], 'the vault holds no original of what was named'],
])(
  'a value that no row has is reported as unknown, and the command fails: %j',
  async (args, says) => {
    const { exitCode, stdout, stderr } = await erase(...args, '--yes');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(says);
    for (const format of [[], ['--json']]) {
      const dry = await erase(...args, '--dry-run', ...format);
      expect(dry.exitCode).toBe(1);
      expect(dry.stderr).toContain(says);
      expect(dry.stderr).toContain('A dry run does not open the 3 message(s) in quarantine');
    }
  },
);

test('the account can come from standard input, out of the list of processes', async () => {
  const result = await loginEtl(env, ['erase', '--user', '-', '--yes', '--json', ...REASON], {
    stdin: 'ann\n',
  });
  expect(jsonOf<Result>(result).vault).toMatchObject({ ips: 1, devices: 1 });
});

describe('a planted row does not make an erase fail for the others', () => {
  const maskedIp = () => custody.mask('ip', SHARED_IP);

  test('in the vault, for another key', async () => {
    await database.pool.query(`update vault_data_keys set vault_key_id = 'somebody-else'`);
    const result = await erase('--ip', maskedIp(), '--yes', '--json');
    expect((JSON.parse(result.stdout) as Result).vault).toMatchObject({ ips: 1 });
  });

  test('in the vault, with the original of somebody else, whose messages stay', async () => {
    const [id] = await custody.quarantine(['{"ip":"203.0.113.9"}']);
    await custody.plantOriginal('ip', maskedIp(), '203.0.113.9');
    const result = await erase('--ip', maskedIp(), '--yes', '--json');
    expect((JSON.parse(result.stdout) as Result).quarantine).toMatchObject({
      originalsNotUsable: 1,
    });
    expect(result.exitCode).toBe(1);
    expect(await inQuarantine()).toContain(id);
  });

  test('in quarantine, with bytes that no key opens', async () => {
    await database.pool.query(
      `update quarantine set sealed_body = '\\x', message_id = 'planted' where message_id = $1`,
      [quarantined[2]],
    );
    const result = await erase('--user', 'ann', '--yes', '--json');
    expect((JSON.parse(result.stdout) as Result).quarantine).toMatchObject({
      erased: 1,
      notOpened: 1,
    });
  });
});
