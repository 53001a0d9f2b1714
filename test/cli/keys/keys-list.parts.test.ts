import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { makeTestDirectory } from '../../support/test-directory.ts';
import { loginEtl } from '../in-process.ts';
import { jsonOf } from '../login-etl.ts';

let directory: string;
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  [directory, database] = await Promise.all([makeTestDirectory('keys-list'), createTestDatabase()]);
  await loginEtl({}, ['keys', 'generate', '--out', directory, '--id', 'new']);
  env = {
    DATABASE_URL: database.url,
    MASKING_KEYS_FILE: join(directory, 'masking-keys.json'),
    PAYLOAD_KEYS: await readFile(join(directory, 'payload-keys.json'), 'utf8'),
    VAULT_PUBLIC_KEY_FILE: join(directory, 'vault-public.pem'),
  };
  await database.pool.query(`
    insert into user_logins (user_id, device_type, masked_ip, masked_device_id, locale, app_version,
      create_date, message_id, mask_key_id, sent_at, inserted_at, run_id, batch_number)
    select 'u', 'd', 'a', 'b', null, '1', date '2026-11-01', 'm' || n,
      case when n < 3 then 'gone' else 'new' end, timestamptz '2026-11-01', timestamptz '2026-11-01' + n * interval '1h',
      gen_random_uuid(), 1
    from generate_series(1, 5) n`);
});
afterAll(async () => {
  await database?.remove();
  await rm(directory, { recursive: true, force: true });
});

test('shows where each key is, since when, and whether rows still need it', async () => {
  const result = await loginEtl(env, ['keys', 'list', '--json']);
  const list = jsonOf<Record<string, unknown>[]>(result);
  expect(list).toEqual([
    expect.objectContaining({
      kind: 'masking',
      id: 'new',
      active: true,
      source: `MASKING_KEYS_FILE (${env.MASKING_KEYS_FILE})`,
      rows: 3,
      firstUse: expect.stringContaining('2026-11-01'),
    }),
    { kind: 'payload', id: 'new', active: true, source: 'PAYLOAD_KEYS' },
    expect.objectContaining({
      kind: 'vault',
      active: true,
      source: 'VAULT_PUBLIC_KEY_FILE',
      rows: 0,
    }),
    expect.objectContaining({ kind: 'masking', id: 'gone', active: false, rows: 2 }),
  ]);
});

test('shows the same as a table, and no key', async () => {
  const { exitCode, stdout, stderr } = await loginEtl(env, ['keys', 'list']);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/masking +gone +missing .* not configured here/);
  const files = ['masking-keys.json', 'payload-keys.json'];
  for (const file of files) {
    const { keys } = JSON.parse(await readFile(join(directory, file), 'utf8'));
    expect(stdout + stderr).not.toContain(keys.new);
  }
});

test('reads no database with --no-tables, or without database settings', async () => {
  for (const [without, args] of [
    [{ ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, ['--no-tables']],
    [{ ...env, DATABASE_URL: '' }, []],
  ] as const) {
    const result = await loginEtl(without, ['keys', 'list', '--json', ...args]);
    expect(jsonOf<unknown[]>(result)).toHaveLength(3);
  }
});
