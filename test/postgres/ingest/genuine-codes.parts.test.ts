import { describe, expect, test } from 'vitest';
import { batchToInsert, insertFitting, newIds, newTag } from './batch-to-insert.ts';
import { changedDatabase } from './other-teams-code.ts';

const { parts, addTrigger, idsIn } = changedDatabase();

/** Of five rows the fourth is of the odd user. */
const insertFive = (tag = newTag()) =>
  insertFitting(
    parts.worker,
    batchToInsert({
      rowIds: newIds(5),
      tag,
      userId: (index) => (index === 3 ? 'odd' : `user-${index}`),
    }),
  );

const forOdd = (body: string) =>
  addTrigger('user_logins', `if new.user_id = 'odd' then ${body} end if;`);

describe('a trigger meets trouble of its own with one row, without raising it', () => {
  test.each([
    ['a sequence that was not used yet', '55000', `perform currval('nothing_yet');`],
    [
      'another isolation level',
      '25001',
      `perform set_config('transaction_isolation', 'serializable', true);`,
    ],
    ['a table that is gone', '42P01', 'perform from nowhere;'],
    ['a column that is gone', '42703', 'perform nowhere;'],
    ['a table that it may not read', '42501', 'perform from audit_log;'],
    ['a schema that is gone', '3F000', 'create temp table nowhere.nothing ();'],
    ['what Postgres cannot do', '0A000', `execute 'select 1 group by 1 for update';`],
    ['a division by zero', '22012', 'perform 1 / 0;'],
    ['rows that are not there', 'P0002', 'select from pg_class where false into strict new;'],
  ])('%s (%s): that row is refused, the others are stored', async (_what, code, body) => {
    await parts.pool.query(
      'create sequence if not exists nothing_yet; grant usage on sequence nothing_yet to public',
    );
    await forOdd(body);
    const stored = await insertFive();
    expect(stored).toMatchObject({ inserted: 4, duplicates: 0, quarantined: 0 });
    expect(stored.refused).toEqual([{ index: 3, reason: expect.stringContaining(`(${code}`) }]);
  });

  test.each([
    [
      'a read-only transaction',
      '25006',
      `perform set_config('transaction_read_only', 'on', true); perform nextval('nothing_yet');`,
    ],
    ['a lock that is not free', '55P03', 'lock table held in access exclusive mode nowait;'],
    [
      'a statement that is cancelled',
      '57014',
      'perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(5);',
    ],
    ['an internal error', 'XX000', 'perform brin_summarize_new_values(1);'],
  ])('%s (%s): it is the server’s, and no row is refused', async (_what, code, body) => {
    await parts.pool.query(
      'create sequence if not exists nothing_yet; grant usage on sequence nothing_yet to public; create table if not exists held (); grant all on held to public',
    );
    await forOdd(body);
    const holder = await parts.pool.connect();
    await holder.query('begin; lock table held');
    try {
      const error = await insertFive().catch((thrown: unknown) => thrown);
      expect([(error as { code?: string }).code, (error as Error).name]).toContain(
        code === '55P03' ? 'LockedOut' : code,
      );
      expect(await idsIn('user_logins')).toEqual([]);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
  });
});

test.each([
  ['by what the trigger calls', `perform refuse();`],
  ['within a statement', `execute 'select refuse()';`],
  ['after it was caught', `begin perform refuse(); exception when others then raise; end;`],
  ['as an assertion', `assert false;`],
])('a code that is raised %s is the row’s', async (_how, body) => {
  await parts.pool.query(
    `create or replace function refuse() returns void language plpgsql as $$ begin raise exception using errcode = '57P03'; end $$`,
  );
  await forOdd(body);
  expect(await insertFive()).toMatchObject({ inserted: 4, refused: [{ index: 3 }] });
});

describe('a row that is alone in its batch', () => {
  const CODES = ['28000', '3D000', '0A000', '55000', '42501', '40001', '53100', '57P01', '57014'];
  const insertOdd = () =>
    insertFitting(parts.worker, batchToInsert({ rowIds: newIds(1), userId: () => 'odd' }));

  test.each(CODES)(
    'is refused for a %s that a trigger raises, if a sample goes in',
    async (code) => {
      await forOdd(`raise exception using errcode = '${code}';`);
      expect(await insertOdd()).toMatchObject({
        ...{ inserted: 0, refused: [{ index: 0, reason: expect.stringContaining(code) }] },
      });
      expect(await idsIn('user_logins')).toEqual([]);
    },
  );

  test.each(CODES)('waits for a %s that the trigger raises for a sample, too', async (code) => {
    await addTrigger('user_logins', `raise exception using errcode = '${code}';`);
    await expect(insertOdd()).rejects.toThrow();
    expect(await idsIn('quarantine')).toEqual([]);
  });
});

describe('a trigger that gives rows another run or batch number makes no duplicates', () => {
  const BODY = 'new.run_id := gen_random_uuid(); new.batch_number := 7;';

  test('of a batch that goes in whole', async () => {
    await addTrigger('user_logins', BODY);
    const batch = batchToInsert({ rowIds: newIds(5) });
    expect(await insertFitting(parts.worker, batch)).toMatchObject({ inserted: 5, duplicates: 0 });
  });

  test('of a batch with repeated messages and some that are stored before', async () => {
    await addTrigger('user_logins', BODY);
    const ids = newIds(4);
    await insertFitting(parts.worker, batchToInsert({ rowIds: ids.slice(0, 1) }));
    const batch = batchToInsert({ rowIds: [...ids, ids[3] as string] });
    expect(await insertFitting(parts.worker, batch)).toMatchObject({ inserted: 3, duplicates: 2 });
  });

  test('of a batch that is tried row by row', async () => {
    await addTrigger(
      'user_logins',
      `${BODY} if new.user_id = 'odd' then raise exception 'no'; end if;`,
    );
    const ids = newIds(600);
    await insertFitting(parts.worker, batchToInsert({ rowIds: ids.slice(0, 2) }));
    const batch = batchToInsert({ rowIds: ids, userId: (n) => (n === 3 ? 'odd' : 'even') });
    expect(await insertFitting(parts.worker, batch)).toMatchObject({
      ...{ inserted: 597, duplicates: 2, refused: [{ index: 3 }] },
    });
  });

  test('of quarantined messages', async () => {
    await addTrigger('quarantine', BODY);
    const batch = batchToInsert({ quarantineIds: newIds(3) });
    expect(await insertFitting(parts.worker, batch)).toMatchObject({
      quarantined: 3,
      duplicates: 0,
    });
  });
});
