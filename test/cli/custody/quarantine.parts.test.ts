import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Custody, custodyOf } from '../../support/custody.ts';
import { loginMessage } from '../../support/data/login-messages.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

const REASON = ['--reason', 'case 12'];
const BODY = '{"ip": "198.51.100.77", "note": "ünï🦊"}';

let directory: string;
let database: TestDatabase;
let custody: Custody;
let ids: [string, string, string];
let audits: number;

beforeAll(async () => {
  directory = await makeTestDirectory('quarantine');
  database = await createTestDatabase();
  custody = custodyOf(database);
});
beforeEach(async () => {
  await custody.clear();
  ids = [
    ...(await custody.quarantine([BODY], 'user_id: is missing')),
    ...(await custody.quarantine(['one', 'two'])),
  ] as typeof ids;
  audits = (await custody.auditRows()).length;
});
afterAll(async () => {
  await database?.remove();
  if (directory) await rm(directory, { recursive: true, force: true });
});

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
    expect(stdout).toMatch(/message: is not JSON +2 /);
    const { reasons } = jsonOf<{ reasons: object[] }>(await withoutKey('--json'));
    expect(reasons).toMatchObject([
      { reason: 'message: is not JSON', messages: 2 },
      { reason: 'user_id: is missing', messages: 1 },
    ]);
    expect(await newAudits()).toEqual([]);
  });

  test('lists the messages without their values', async () => {
    const { stdout } = await withoutKey('--messages', '--for', 'user_id: is missing', '--json');
    expect(JSON.parse(stdout).messages).toMatchObject([{ messageId: ids[0] }]);
    expect(stdout).not.toContain('198.51.100.77');
    expect((await withoutKey('--messages', '--limit', '1')).stdout.match(/is /g)).toHaveLength(1);
  });
});

describe('quarantine show', () => {
  test('opens a body, and the record names the message', async () => {
    const result = await quarantine('show', ids[0], ...REASON, '--json');
    expect(jsonOf(result)).toEqual({
      messages: [
        {
          ...{ messageId: ids[0], reason: 'user_id: is missing', body: BODY },
          // All of them, not only the reason.
          faults: ['user_id', 'device_type', 'device_id', 'app_version'].map(
            (field) => `${field}: is missing`,
          ),
        },
      ],
      missing: [],
    });
    expect(await newAudits()).toMatchObject([
      { action: 'quarantine-show', reason: 'case 12', detail: { messageIds: [ids[0]] } },
    ]);
  });

  test('shows no body if its audit record is refused', async () => {
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

  test('an unknown id is named', async () => {
    const { exitCode, stderr } = await quarantine('show', 'nobody', ...REASON);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('not in quarantine: nobody');
  });
});

describe('quarantine discard', () => {
  test('deletes what was named, on the record, and without the private key', async () => {
    const { VAULT_PRIVATE_KEY: _, ...env } = custody.env;
    const args = ['quarantine', 'discard', ids[1], ...REASON, '--yes', '--json'];
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

  test('deletes nothing if its audit record is refused', async () => {
    const { exitCode } = await custody.without('insert on audit_log', () =>
      quarantine('discard', '--all', ...REASON, '--yes'),
    );
    expect(exitCode).toBe(1);
    expect(await inQuarantine()).toHaveLength(3);
  });

  test('deletes nothing on a dry run, or without a terminal to confirm', async () => {
    const dry = await quarantine('discard', '--all', ...REASON, '--dry-run');
    expect(dry.stdout).toContain('would discard 3 message(s)');
    const unasked = await quarantine('discard', '--all', ...REASON);
    expect([unasked.exitCode, unasked.stdout]).toEqual([2, '']);
    expect(unasked.stderr).toContain('--yes');
    expect(await inQuarantine()).toHaveLength(3);
    expect(await newAudits()).toEqual([]);
  });

  test.each([[[]], [['--all', 'x']], [['--all', '--for', 'x']]])(
    'refuses no selection, and two selections at once: %j',
    async (args) => {
      expect((await quarantine('discard', ...args, ...REASON, '--yes')).exitCode).toBe(2);
      expect(await inQuarantine()).toHaveLength(3);
    },
  );
});

describe('quarantine edit', () => {
  const FIXED = loginMessage(1, { user_id: 'ann' });
  const body = async (id: string) =>
    jsonOf<{ messages: { body: string }[] }>(
      await quarantine('show', id, '--reason', 'look', '--json'),
    ).messages[0]?.body;
  const editWith = (script: string) =>
    loginEtl({ ...custody.env, EDITOR: script }, [
      ...['quarantine', 'edit', ids[0], '--force', '--json', ...REASON],
    ]);
  const leftBehind = async () =>
    (await readdir(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())).filter((name) =>
      name.startsWith('login-etl-'),
    );
  let before: string[];
  beforeEach(async () => {
    before = await leftBehind();
  });

  test('takes the new body from an editor, whose file is for its owner only and gone afterwards', async () => {
    const out = join(directory, 'seen');
    const script = `f() { stat -c '%a' "$1" "$(dirname "$1")" > ${out}; env >> ${out}; sed -i 's/198/199/' "$1"; }; f`;
    const result = await editWith(script);
    expect(result.exitCode).toBe(0);
    expect(jsonOf(result)).toMatchObject({ changed: true, reason: 'user_id: is missing' });
    expect(await body(ids[0])).toBe(BODY.replace('198', '199'));
    const seen = await readFile(out, 'utf8');
    expect(seen).toMatch(/^600\n700\n/);
    expect(seen).not.toMatch(/VAULT_PRIVATE_KEY|DATABASE_URL/);
    expect(await leftBehind()).toEqual(before);
    expect((await newAudits()).slice(0, 2)).toMatchObject([
      { action: 'quarantine-edit', detail: { messageId: ids[0], step: 'opened' } },
      { action: 'quarantine-edit', detail: { messageId: ids[0], step: 'changed' } },
    ]);
  });

  test.each(['false', 'kill -9 $$ #', 'true'])(
    'leaves message and disk unchanged when the editor exits with `%s`',
    async (script) => {
      const { stdout, stderr } = await editWith(script);
      expect(stdout + stderr).not.toContain('198.51.100.77');
      expect(await body(ids[0])).toBe(BODY);
      expect(await leftBehind()).toEqual(before);
    },
  );

  test('takes the new body from standard input, and the id stays', async () => {
    const args = ['quarantine', 'edit', ids[0], '--set-body-file', '-', ...REASON];
    const { exitCode } = await loginEtl(custody.env, args, { stdin: `${FIXED}\n` });
    expect(exitCode).toBe(0);
    expect(await body(ids[0])).toBe(FIXED);
    expect(await inQuarantine()).toHaveLength(3);
  });

  test('opens nothing if its audit record is refused', async () => {
    const out = join(directory, 'opened');
    const { exitCode } = await custody.without('insert on audit_log', () =>
      editWith(`touch ${out} #`),
    );
    expect(exitCode).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  test('does not change a message that is released for a replay', async () => {
    await database.pool.query('update quarantine set released_for = gen_random_uuid()');
    const { exitCode, stderr } = await editWith(`sed -i 's/198/199/'`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('released for a replay');
  });
});
