import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { InsertProgress } from '../../../src/activities/ingest/insert-what-fits.ts';
import {
  batchToInsert,
  insertFitting,
  newIds,
  newTag,
} from '../../postgres/ingest/batch-to-insert.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    alter table user_logins add constraint no_robots check (user_id not like 'robot%')`);
});
beforeEach(async () => {
  await database.pool.query('truncate user_logins, quarantine');
});
afterAll(() => database?.remove());

const REASON = 'user_logins: a row breaks a constraint (23514, no_robots)';

async function insert(count: number, robots: number[], quarantineIds: string[] = []) {
  const rowIds = newIds(count);
  const userId = (index: number) => (robots.includes(index) ? 'robot' : `user-${index}`);
  const batch = batchToInsert({ rowIds, quarantineIds, userId, tag: newTag(2) });
  const stored = await insertFitting(database.pool, batch);
  const { rows } = await database.pool.query<{ user_id: string; message_id: string }>(
    'select user_id, message_id from user_logins order by array_position($1::text[], message_id)',
    [rowIds],
  );
  const expected = rowIds.flatMap((message_id, index) =>
    robots.includes(index) ? [] : [{ user_id: `user-${index}`, message_id }],
  );
  expect(rows).toEqual(expected);
  return stored;
}

test('a batch that Postgres accepts is inserted unchanged', async () => {
  expect(await insert(10, [])).toMatchObject({ inserted: 10, quarantined: 0, refused: [] });
});

test.each([[[0]], [[9]], [[4, 5]], [[0, 3, 9]], [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]])(
  'only the rows that break a constraint are refused, by their place: %j',
  async (robots) => {
    expect(await insert(10, robots)).toMatchObject({
      inserted: 10 - robots.length,
      quarantined: 0,
      refused: robots.map((index) => ({ index, reason: REASON })),
    });
  },
);

test('a refused row in a batch of thousands leaves the others stored', async () => {
  expect(await insert(1_777, [1_234])).toMatchObject({
    inserted: 1_776,
    quarantined: 0,
    refused: [{ index: 1_234, reason: REASON }],
  });
});

test('the quarantined messages of such a batch are stored all the same, once', async () => {
  const quarantineIds = newIds(3);
  expect(await insert(7, [2], quarantineIds)).toMatchObject({ inserted: 6, quarantined: 3 });
  const { rows } = await database.pool.query('select message_id from quarantine');
  expect(rows).toHaveLength(3);
});

test('a batch of one refused row and quarantined messages stores those', async () => {
  expect(await insert(1, [0], newIds(2))).toMatchObject({
    inserted: 0,
    quarantined: 2,
    refused: [{ index: 0, reason: REASON }],
  });
});

test("the server's trouble is no row's: it is thrown, and nothing is refused", async () => {
  const batch = batchToInsert({ rowIds: newIds(4), userId: () => 'robot' });
  await database.pool.query('alter table user_logins rename to gone');
  try {
    await expect(insertFitting(database.pool, batch)).rejects.toMatchObject({ code: '42P01' });
  } finally {
    await database.pool.query('alter table gone rename to user_logins');
  }
});

test('a constraint that the quarantine breaks is thrown: there is no other place for its messages', async () => {
  await database.pool.query(`alter table quarantine add constraint none check (false)`);
  try {
    const batch = batchToInsert({ quarantineIds: newIds(2) });
    await expect(insertFitting(database.pool, batch)).rejects.toMatchObject({
      detail: 'quarantine (23514, none)',
    });
  } finally {
    await database.pool.query('alter table quarantine drop constraint none');
  }
});

test('a step that is cancelled stops after the transaction that it is in, and keeps what is stored', async () => {
  const controller = new AbortController();
  const batch = batchToInsert({
    rowIds: newIds(1_000),
    userId: (n) => (n % 3 ? `u-${n}` : 'robot'),
  });
  const done: number[] = [];
  const inserting = insertFitting(database.pool, batch, {
    signal: controller.signal,
    onProgress: (progress) => {
      done.push(progress.done);
      controller.abort(new Error('cancelled'));
    },
  });
  await expect(inserting).rejects.toThrow('cancelled');
  expect(done).toEqual([250]);
  const { rows } = await database.pool.query('select from user_logins');
  expect(rows).toHaveLength(batch.messageIds.slice(0, 250).filter((_, n) => n % 3).length);
});

test('a retried step continues where it stopped, with the rows that were refused before', async () => {
  const batch = batchToInsert({
    rowIds: newIds(1_000),
    userId: (n) => (n % 3 ? `u-${n}` : 'robot'),
  });
  const expected = batch.messageIds.flatMap((_, index) => (index % 3 ? [] : [index]));
  let progress: InsertProgress | undefined;
  const failing = insertFitting(database.pool, batch, {
    onProgress(given) {
      progress = structuredClone(given);
      if (given.done === 500) throw new Error('the worker is gone');
    },
  });
  await expect(failing).rejects.toThrow('the worker is gone');
  const done: number[] = [];
  const again = await insertFitting(database.pool, batch, {
    progress,
    onProgress: (given) => done.push(given.done),
  });
  expect(done).toEqual([750, 1_000]);
  expect(again).toMatchObject({ inserted: 666, duplicates: 0 });
  expect(again.refused.map(({ index }) => index)).toEqual(expected);
});

describe('a trigger that refuses rows for a while', () => {
  /** It counts the rows that it sees, also those of transactions that are rolled back. */
  async function whileRefusing<Result>(
    code: string,
    refuses: string,
    act: () => Promise<Result>,
  ): Promise<Result> {
    await database.pool.query(`
      create sequence seen;
      create function refuse_rows() returns trigger language plpgsql security definer as $$
        declare n bigint := nextval('seen');
        begin
          if ${refuses} then raise exception using errcode = '${code}'; end if;
          return new;
        end $$;
      create trigger refuse_rows before insert on user_logins for each row execute function refuse_rows()`);
    try {
      return await act();
    } finally {
      await database.pool.query('drop function refuse_rows cascade; drop sequence seen');
    }
  }

  test.each(['53100', 'P0001', '23514', '42501'])(
    'loses no row to quarantine when it stops in the middle of a batch: %s',
    async (code) => {
      const stored = await whileRefusing(code, 'n <= 31', () => insert(400, []));
      expect(stored).toMatchObject({ inserted: 400, refused: [] });
    },
  );

  test.each(['53100', 'P0001', '23514', '42501'])(
    'makes the rest of the batch wait when it begins in the middle of it: %s',
    async (code) => {
      // The first row makes the batch be tried row by row.
      const refuses = 'n = 1 or n > 300';
      const batch = batchToInsert({ rowIds: newIds(400), userId: (n) => `user-${n}` });
      await whileRefusing(code, refuses, async () => {
        await expect(insertFitting(database.pool, batch)).rejects.toThrow();
      });
      expect(await insertFitting(database.pool, batch)).toMatchObject({
        inserted: 400,
        duplicates: 0,
        refused: [],
      });
    },
  );

  test.each(['53100', 'P0001'])(
    'and one that refuses some rows for their values are told apart, also where it refuses the sample: %s',
    async (code) => {
      const batch = batchToInsert({ rowIds: newIds(300), userId: (n) => `user-${n}` });
      const refuses = `n <= 31 or new.user_id in ('user-7', 'user-299', 'doctor')`;
      const stored = await whileRefusing(code, refuses, () => insertFitting(database.pool, batch));
      expect(stored.inserted).toBe(298);
      expect(stored.refused.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([7, 299]);
    },
  );
});
