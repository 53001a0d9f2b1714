import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newDataKey, originalContext } from '../../../src/crypto/vault/vault-envelope.ts';
import { adoptedMasker, sha256Masker } from '../../../src/domain/login/masking.ts';
import { original, range } from '../../support/data/vaulted-rows.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';
import { CustodianDatabase, maskedBy, masker, old, older } from './custodian-database.ts';

let custody: CustodianDatabase;

beforeAll(async () => {
  custody = await CustodianDatabase.start();
});
beforeEach(() => custody.clear());
afterEach(() => custody.pool.query('drop trigger if exists refusing on user_logins'));
afterAll(() => custody?.remove());

test('rows of every old key have the new one after a pass, and their originals are in the vault by it', async () => {
  await custody.fill(range(0, 20));
  await custody.fill(range(10, 30), older);
  const olds = range(0, 20).map((n) => ({
    ip: n,
    device: n,
    createDate: `2026-0${1 + (n % 9)}-03`,
  }));
  const olders = range(10, 30).map((n) => ({ ip: n, device: n, createDate: '2020-01-01' }));
  await custody.insert(olds);
  await custody.insert(olders, older);
  await custody.insert([{ ip: 1, device: 1 }], masker);
  expect(await custody.pass(7)).toMatchObject({ remasked: 40, unrecoverable: 0, unreadable: 0 });
  expect(new Set(await custody.rows())).toEqual(
    new Set([...olds, ...olders, { ip: 1, device: 1 }].map((row) => maskedBy(masker, row))),
  );
  for (const number of range(0, 30)) {
    expect(await custody.reveal(masker, 'ip', number)).toBe(original('ip', number));
    expect(await custody.reveal(masker, 'device_id', number)).toBe(original('device_id', number));
  }
});

test('a step changes and reads a bounded number of rows', async () => {
  await custody.fill(range(0, 10));
  await custody.insert(range(0, 10).map((n) => ({ ip: n, device: n })));
  await custody.insert(
    range(0, 200).map((n) => ({ ip: n, device: n, createDate: '2026-11-01' })),
    masker,
  );
  const first = await custody.step(3);
  // Twenty times as many are looked at.
  expect(first).toMatchObject({ remasked: 0, next: { createDate: '2026-11-01' } });
  expect(await custody.pass(3)).toEqual({
    remasked: 10,
    unrecoverable: 0,
    unreadable: 0,
    steps: 7,
  });
});

test('a step that is repeated from any row changes nothing', async () => {
  await custody.fill(range(0, 9));
  await custody.insert(range(0, 9).map((n) => ({ ip: n, device: n })));
  const first = await custody.step(4);
  expect(first.remasked).toBe(4);
  const before = await custody.rows();
  // From the first one's beginning: it goes on with the rows that are still old.
  expect(await custody.step(4)).toMatchObject({ remasked: 4 });
  expect(await custody.step(4)).toMatchObject({ remasked: 1 });
  expect(await custody.step(4)).toMatchObject({ remasked: 0, unrecoverable: 0 });
  expect((await custody.rows()).slice(0, 4)).toEqual(before.slice(0, 4));
  expect(await custody.count('vault', 'new')).toBe(18);
  expect(await custody.count('vault_data_keys')).toBe(4);
});

test('two concurrent attempts of a step count each row once and leave no unused data key', async () => {
  await custody.fill(range(0, 50));
  await custody.insert(range(0, 50).map((n) => ({ ip: n, device: n % 5 })));
  const results = await Promise.all([custody.step(), custody.step(), custody.step()]);
  expect(results.reduce((sum, { remasked }) => sum + remasked, 0)).toBe(50);
  expect(await custody.count('vault', 'new')).toBe(55);
  expect(await custody.count('vault_data_keys')).toBe(2);
});

test('adopted rows are re-masked where a later login brought their originals, and counted apart elsewhere', async () => {
  await custody.fill(range(0, 4), sha256Masker);
  await custody.insert(
    [
      { ip: 1, device: 1 },
      { ip: 2, device: 77 },
    ],
    adoptedMasker,
  );
  expect(await custody.step()).toMatchObject({
    remasked: 1,
    unrecoverable: 0,
    unreadable: 0,
    adopted: 1,
  });
});

test('rows without an original keep their key and values, and are counted in each pass', async () => {
  await custody.fill(range(0, 4));
  await custody.insert([
    { ip: 1, device: 1 },
    { ip: 2, device: 77 },
    { ip: 77, device: 3 },
    { ip: 77, device: 77 },
  ]);
  await custody.insert([{ ip: 77, device: 77 }], sha256Masker);
  await custody.pool.query(`
    insert into user_logins select user_id, device_type, 'no hex', 'ODD', locale, app_version, create_date,
      'from-before', mask_key_id, sent_at, inserted_at, run_id, batch_number from user_logins limit 1`);
  const kept = (await custody.rows()).filter(
    ({ masked_ip }) => masked_ip !== old.mask('ip', original('ip', 1)),
  );
  expect(await custody.pass()).toMatchObject({ remasked: 1, unrecoverable: 5 });
  expect(await custody.pass()).toMatchObject({ remasked: 0, unrecoverable: 5 });
  expect(await custody.rows()).toEqual(expect.arrayContaining(kept));
});

test('rows of the unkeyed mode are re-masked where the vault has their originals', async () => {
  await custody.fill([5], sha256Masker);
  await custody.insert([{ ip: 5, device: 5 }], sha256Masker);
  expect(await custody.pass()).toMatchObject({ remasked: 1 });
  expect(await custody.rows()).toEqual([maskedBy(masker, { ip: 5, device: 5 })]);
});

test('an original that does not match its masked value is not used', async () => {
  await custody.fill([1, 2]);
  await custody.insert([{ ip: 1, device: 1 }]);
  // What a worker that was taken over could write: sealed in order, but with another value.
  const maskedHex = old.mask('device_id', original('device_id', 1));
  const dataKey = newDataKey(custody.privateKey.publicKey);
  const id = randomUUID();
  await custody.pool.query('insert into vault_data_keys values ($1, $2, $3)', [
    id,
    dataKey.vaultKeyId,
    dataKey.wrappedKey,
  ]);
  await custody.pool.query(
    'update vault set sealed_value = $1, data_key_id = $2 where masked_value = $3',
    [
      dataKey.seal(original('device_id', 2), originalContext('device_id', maskedHex)),
      id,
      Buffer.from(maskedHex, 'hex'),
    ],
  );
  expect(await custody.pass()).toMatchObject({ remasked: 0, unrecoverable: 0, unreadable: 1 });
  expect(await custody.rows()).toEqual([maskedBy(old, { ip: 1, device: 1 })]);
});

test('an original that was changed by a bit keeps its rows as they are', async () => {
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  await custody.pool.query(`
    update vault set sealed_value = set_bit(sealed_value, 100, 1 - get_bit(sealed_value, 100)) where field = 'ip'`);
  expect(await custody.pass()).toMatchObject({ remasked: 0, unreadable: 1 });
});

test('an original that was erased while its rows were re-masked does not come back', async () => {
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  // Erased in the moment between reading and writing: whoever erases has the vault's turn.
  const erasing = await custody.pool.connect();
  try {
    await erasing.query('begin; lock table login_etl_vault_lock in share row exclusive mode');
    const attempt = custody.step().catch((error: Error) => error);
    await expect.poll(() => waitingSessions(custody.pool, { lockType: 'relation' })).toBe(1);
    await erasing.query(`delete from vault where field = 'ip'`);
    await erasing.query('commit');
    expect(await attempt).toMatchObject({ type: 'OriginalsChanged', nonRetryable: false });
  } finally {
    erasing.release(true);
  }
  expect(await custody.count('vault', 'new')).toBe(0);
  expect(await custody.pass()).toMatchObject({ remasked: 0, unrecoverable: 1 });
  expect(await custody.rows()).toEqual([maskedBy(old, { ip: 1, device: 1 })]);
});

test('a step for another key than the active one is left to another worker', async () => {
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  await expect(custody.run('remaskBatch', { toKeyId: 'newer', rows: 1 })).rejects.toMatchObject({
    type: 'OtherMaskingKey',
    nonRetryable: false,
  });
  expect(await custody.count('user_logins', 'old')).toBe(1);
});

test('originals for another private key fail the step; they do not count as lost', async () => {
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  await custody.pool.query(`update vault_data_keys set vault_key_id = 'another'`);
  await expect(custody.step()).rejects.toMatchObject({ type: 'OtherVaultKey', nonRetryable: true });
});

test('no failure, and no result, has an original in it', async () => {
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  await custody.pool.query(`
    create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'row %', new using errcode = '23514'; end $$;
    create trigger refusing before update on user_logins for each row execute function refuse()`);
  const error = await custody.step().catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  const shown = JSON.stringify(error) + (error as Error).message + (error as Error).stack;
  expect(shown).not.toContain(original('ip', 1));
  expect(shown).not.toContain(original('device_id', 1));
  expect(await custody.count('vault', 'new')).toBe(0);
});
