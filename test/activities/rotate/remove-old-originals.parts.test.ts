import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OriginalPlace } from '../../../src/domain/rotation/rotation.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { batchToInsert, newIds } from '../../postgres/ingest/batch-to-insert.ts';
import { original, range } from '../../support/data/vaulted-rows.ts';
import { waitingSessions } from '../../support/servers/waiting-sessions.ts';
import { CustodianDatabase, maskedBy, masker, old } from './custodian-database.ts';

let custody: CustodianDatabase;

beforeAll(async () => {
  custody = await CustodianDatabase.start();
});
beforeEach(() => custody.clear());
afterAll(() => custody?.remove());

async function setAside(rows = 100): Promise<{ setAside: number; steps: number }> {
  const total = { setAside: 0, steps: 0 };
  let after: OriginalPlace | undefined;
  do {
    const result = await custody.run('setOriginalsAside', { toKeyId: 'new', rows, after });
    total.setAside += result.setAside;
    total.steps += 1;
    after = result.next;
  } while (after);
  return total;
}

async function remove(rows = 100): Promise<number> {
  let total = 0;
  for (;;) {
    const { removed } = await custody.run('removeOriginals', { rows });
    total += removed;
    if (removed === 0) return total;
    expect(removed).toBeLessThanOrEqual(rows);
  }
}

const removeDataKeys = () => custody.run('removeDataKeys', { rows: 1_000 });

test('originals of old keys that no row needs are gone, with their data keys; those of the new one stay', async () => {
  await custody.fill(range(0, 30));
  await custody.insert(range(0, 30).map((n) => ({ ip: n, device: n })));
  await custody.pass();
  // A step looks at five times as many as it is told: 120 originals.
  expect(await setAside(10)).toEqual({ setAside: 60, steps: 3 });
  await custody.pass();
  expect(await remove(7)).toBe(60);
  expect(await removeDataKeys()).toEqual({ removed: 1 });
  expect(await custody.count('vault')).toBe(60);
  expect(await custody.count('vault', 'new')).toBe(60);
  expect(await custody.count('vault_data_keys')).toBe(1);
  expect(await custody.reveal(masker, 'ip', 3)).toBe(original('ip', 3));
});

test('an original of an old key stays for a row that keeps that key, with its data key', async () => {
  await custody.fill([1, 2]);
  await custody.insert([
    { ip: 1, device: 1 },
    { ip: 2, device: 77 },
  ]);
  await custody.pass();
  await setAside();
  expect(await custody.count('vault', 'old')).toBe(0);
  // It can be revealed also while it is set aside.
  expect(await custody.reveal(old, 'ip', 2)).toBe(original('ip', 2));
  expect(await custody.pass()).toMatchObject({ remasked: 0, unrecoverable: 1 });
  expect(await remove()).toBe(3);
  expect(await removeDataKeys()).toEqual({ removed: 0 });
  expect(await custody.count('vault', 'old')).toBe(1);
  expect(await custody.reveal(old, 'ip', 2)).toBe(original('ip', 2));
});

test('a row that came with an old key while originals were set aside keeps its originals', async () => {
  await custody.fill([1]);
  // An insert under way: its row is there for nobody yet, and it has seen the originals in the vault.
  const inserting = await custody.pool.connect();
  try {
    await inserting.query('begin; lock table login_etl_insert_lock in row exclusive mode');
    const { masked_ip, masked_device_id } = maskedBy(old, { ip: 1, device: 1 });
    await inserting.query(
      `insert into user_logins values ('late', 'android', $1, $2, null, '1', '2026-11-22', 'late', 'old', now(), now(),
         gen_random_uuid(), 1)`,
      [masked_ip, masked_device_id],
    );
    let over = false;
    const settingAside = setAside().finally(() => {
      over = true;
    });
    await expect.poll(() => waitingSessions(custody.pool, { lockType: 'relation' })).toBe(1);
    expect(over).toBe(false);
    await inserting.query('commit');
    await settingAside;
  } finally {
    inserting.release(true);
  }
  // Originals were set aside under its feet; the pass that follows finds it.
  expect(await custody.count('vault_set_aside')).toBe(2);
  expect(await custody.pass()).toMatchObject({ remasked: 1, unrecoverable: 0 });
  await remove();
  expect(await custody.reveal(masker, 'device_id', 1)).toBe(original('device_id', 1));
});

test('an insert that begins after originals were set aside brings them again', async () => {
  await custody.fill([1]);
  await setAside();
  await custody.fill([1]);
  await custody.insert([{ ip: 1, device: 1 }]);
  expect(await remove()).toBe(2);
  expect(await removeDataKeys()).toEqual({ removed: 1 });
  expect(await custody.pass()).toMatchObject({ remasked: 1 });
});

test('setting aside waits for an insert of a batch that is under way', async () => {
  const locking = await custody.pool.connect();
  try {
    await locking.query('begin; lock table user_logins in share mode');
    const inserting = insertBatch(custody.pool, batchToInsert({ rowIds: newIds(1) }));
    await expect.poll(() => waitingSessions(custody.pool, { lockType: 'relation' })).toBe(1);
    const settingAside = setAside();
    await expect.poll(() => waitingSessions(custody.pool, { lockType: 'relation' })).toBe(2);
    await locking.query('commit');
    await Promise.all([inserting, settingAside]);
  } finally {
    locking.release(true);
  }
});

test('data keys are read in bounded steps', async () => {
  for (const number of range(0, 5)) await custody.fill([number]);
  await custody.pool.query(`delete from vault where field = 'ip' or masked_value < '\\x80'`);
  const used = (await custody.pool.query('select distinct data_key_id from vault')).rowCount ?? 0;
  const first = await custody.run('removeDataKeys', { rows: 2 });
  expect(first.next).toBeDefined();
  const second = await custody.run('removeDataKeys', { rows: 2, after: first.next });
  const third = await custody.run('removeDataKeys', { rows: 2, after: second.next });
  expect(third.next).toBeUndefined();
  expect(await custody.count('vault_data_keys')).toBe(used);
});

test.each(['vault', 'vault_set_aside'])(
  'another team’s unique index on %s loses no original: the step fails, and changes nothing',
  async (table) => {
    await custody.fill([1, 2]);
    if (table === 'vault') {
      await setAside();
      await custody.insert([
        { ip: 77, device: 1 },
        { ip: 77, device: 2 },
      ]);
    }
    const before = [await custody.count('vault'), await custody.count('vault_set_aside')];
    await custody.pool.query(`create unique index one on ${table} (mask_key_id)`);
    try {
      const step = table === 'vault' ? custody.pass() : setAside();
      await expect(step).rejects.toThrow(/23505/);
    } finally {
      await custody.pool.query('drop index one');
    }
    expect([await custody.count('vault'), await custody.count('vault_set_aside')]).toEqual(before);
  },
);
