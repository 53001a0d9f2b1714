import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, newIds, newTag, SENT_AT_MS } from './batch-to-insert.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

const insert = (parts: Parameters<typeof batchToInsert>[0]) =>
  insertBatch(database.pool, batchToInsert(parts));

async function select<T extends object>(sql: string, ids: readonly string[]): Promise<T[]> {
  const { rows } = await database.pool.query<T>(`${sql} where message_id = any($1)`, [ids]);
  return rows;
}

const storedRows = (ids: readonly string[]) => select('select message_id from user_logins', ids);
const storedBad = (ids: readonly string[]) => select('select message_id from quarantine', ids);

test('each row has its fields in their columns, and the UTC date of its message', async () => {
  const ids = newIds(2);
  const tag = newTag(1);
  expect(await insert({ rowIds: ids, tag })).toMatchObject({ inserted: 2, quarantined: 0 });
  const rows = await select(
    'select *, create_date::text as date, tableoid::regclass::text as partition from user_logins',
    ids,
  );
  expect(rows).toHaveLength(2);
  expect(rows.find((row) => (row as { message_id: string }).message_id === ids[1])).toMatchObject({
    user_id: 'user-1',
    device_type: 'android',
    masked_ip: 'ip-1',
    masked_device_id: 'device-1',
    locale: null,
    app_version: '2.3.0',
    date: '2026-11-22',
    mask_key_id: 'key-1',
    sent_at: new Date(SENT_AT_MS),
    run_id: tag.runId,
    batch_number: 1,
  });
});

const HEX = ['0a'.repeat(32), 'ff'.repeat(32)] as const;
const originalsOf = (hex: readonly string[]) =>
  database.pool.query(
    `select field, encode(masked_value, 'hex') as hex, mask_key_id, sealed_value, vault_key_id, wrapped_key
     from vault join vault_data_keys on id = data_key_id
     where encode(masked_value, 'hex') = any($1) order by hex`,
    [hex],
  );

test('each distinct masked value has its sealed original once, and the data key that it was sealed with', async () => {
  const originals = [
    ['ip', HEX[0]],
    ['device_id', HEX[1]],
  ] as const;
  await insert({ rowIds: newIds(1), originals });
  const first = await originalsOf(HEX);
  expect(first.rows).toMatchObject([
    {
      field: 'ip',
      hex: HEX[0],
      mask_key_id: 'key-1',
      sealed_value: Buffer.from(`sealed ${HEX[0]}`),
    },
    {
      field: 'device_id',
      hex: HEX[1],
      vault_key_id: 'vault-1',
      wrapped_key: Buffer.from('wrapped'),
    },
  ]);
  await insert({ rowIds: newIds(1), originals });
  expect((await originalsOf(HEX)).rows).toEqual(first.rows);
});

test('rows and originals are stored together or not at all', async () => {
  const ids = newIds(1);
  const lost = 'ee'.repeat(32);
  await database.pool.query(
    'alter table vault add constraint none check (mask_key_id is null) not valid',
  );
  try {
    await expect(insert({ rowIds: ids, originals: [['ip', lost]] })).rejects.toThrow();
  } finally {
    await database.pool.query('alter table vault drop constraint none');
  }
  expect(await storedRows(ids)).toEqual([]);
  expect((await originalsOf([lost])).rows).toEqual([]);
});

test('a quarantined message has its reason, its sealed body and the date of its message', async () => {
  const ids = newIds(1);
  expect(await insert({ quarantineIds: ids })).toMatchObject({ inserted: 0, quarantined: 1 });
  expect(await select('select *, create_date::text as date from quarantine', ids)).toMatchObject([
    {
      reason: 'message: is not JSON',
      sealed_body: Buffer.from(`sealed ${ids[0]}`),
      vault_key_id: 'vault-1',
      sent_at: new Date(SENT_AT_MS),
      date: '2026-11-22',
    },
  ]);
});

test('a quarantined message with several faults has all of them', async () => {
  const ids = newIds(2);
  const batch = batchToInsert({ quarantineIds: ids });
  const faults = ['ip: is missing', 'device_id: is missing'];
  const quarantine = { ...batch.quarantine, faults: [faults, undefined] };
  await insertBatch(database.pool, { ...batch, quarantine });
  const { rows } = await database.pool.query(
    'select faults from quarantine where message_id = any($1) order by faults',
    [ids],
  );
  expect(rows).toEqual([{ faults }, { faults: null }]);
});

test('rows and quarantined messages are committed together, or neither of them', async () => {
  const [good, bad] = [newIds(3), newIds(2)];
  await database.pool.query(
    `alter table quarantine add constraint refused check (message_id <> '${bad[1]}')`,
  );
  try {
    await expect(insert({ rowIds: good, quarantineIds: bad })).rejects.toThrow('refused');
    expect(await storedRows(good)).toEqual([]);
    expect(await storedBad(bad)).toEqual([]);
  } finally {
    await database.pool.query('alter table quarantine drop constraint refused');
  }
  expect(await insert({ rowIds: good, quarantineIds: bad })).toMatchObject({
    inserted: 3,
    quarantined: 2,
  });
  expect([await storedRows(good), await storedBad(bad)].map((rows) => rows.length)).toEqual([3, 2]);
});

test('the same batch again changes nothing, and has the same answer: its first may have been lost', async () => {
  const parts = { rowIds: newIds(3), quarantineIds: newIds(2), tag: newTag(4) };
  const first = await insert(parts);
  const before = await select('select *, xmin::text from user_logins', parts.rowIds);
  expect(await insert(parts)).toEqual(first);
  expect(first).toMatchObject({ inserted: 3, quarantined: 2 });
  expect(await select('select *, xmin::text from user_logins', parts.rowIds)).toEqual(before);
});

test('messages that another batch has stored change nothing, and do not count as new', async () => {
  const [rowIds, quarantineIds] = [newIds(3), newIds(2)];
  await insert({ rowIds, quarantineIds });
  expect(await insert({ rowIds, quarantineIds })).toMatchObject({ inserted: 0, quarantined: 0 });
  const more = newIds(1);
  expect(await insert({ rowIds: [...rowIds, ...more] })).toMatchObject({
    inserted: 1,
    quarantined: 0,
  });
});

test('a message that SQS delivers twice into one batch is one row, and counts once', async () => {
  const [id] = newIds(1) as [string];
  expect(await insert({ rowIds: [id, id] })).toMatchObject({ inserted: 1, quarantined: 0 });
  expect(await storedRows([id])).toHaveLength(1);
  const [bad] = newIds(1) as [string];
  expect(await insert({ quarantineIds: [bad, bad] })).toMatchObject({
    inserted: 0,
    quarantined: 1,
  });
  expect(await storedBad([bad])).toHaveLength(1);
});

test('a message in quarantine stays out of user_logins, and one in user_logins out of quarantine', async () => {
  const [bad, good] = [newIds(2), newIds(2)];
  await insert({ quarantineIds: bad, rowIds: good });
  expect(await insert({ quarantineIds: good, rowIds: bad })).toMatchObject({
    inserted: 0,
    quarantined: 0,
  });
  expect(await storedRows([...bad, ...good])).toHaveLength(2);
  expect(await storedBad([...bad, ...good])).toHaveLength(2);
});

test('the same also when two workers disagree about a message at the same time', async () => {
  for (let round = 0; round < 15; round += 1) {
    const ids = newIds(50);
    const answers = await Promise.all([
      insert({ rowIds: ids }),
      insert({ quarantineIds: ids }),
      insert({ rowIds: ids }),
      insert({ quarantineIds: ids }),
    ]);
    const [rows, bad] = [await storedRows(ids), await storedBad(ids)];
    expect(rows.length + bad.length).toBe(50);
    expect(answers.reduce((sum, one) => sum + one.inserted, 0)).toBe(rows.length);
    expect(answers.reduce((sum, one) => sum + one.quarantined, 0)).toBe(bad.length);
  }
});

test('nothing to insert changes nothing', async () => {
  const tag = newTag(2);
  expect(await insert({ tag })).toMatchObject({ inserted: 0, quarantined: 0 });
});

test("a run's first batch opens it in the ledger, once", async () => {
  const tag = newTag(1);
  await insert({ rowIds: newIds(1), tag });
  await insert({ rowIds: newIds(1), tag: { ...tag, number: 2 } });
  await insert({ rowIds: newIds(1), tag });
  const { rows } = await database.pool.query('select * from ingest_runs where run_id = $1', [
    tag.runId,
  ]);
  expect(rows).toMatchObject([
    {
      workflow_id: 'workflow',
      worker_build: 'test',
      started_at: new Date(SENT_AT_MS),
      finished_at: null,
    },
  ]);
});
