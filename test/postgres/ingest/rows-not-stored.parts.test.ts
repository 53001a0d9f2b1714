import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { batchToInsert, insertFitting, newIds, newTag, SENT_AT_MS } from './batch-to-insert.ts';

let database: TestDatabase;
let worker: TestDatabase['pool'];
let undo: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  worker = postgresPool({ connectionString: database.urls.worker }, { applicationName: 'worker' });
  await database.pool.query('create table elsewhere (like user_logins)');
  await database.pool.query('grant insert on elsewhere to public');
});
afterEach(async () => {
  for (const statement of undo.splice(0)) await database.pool.query(statement);
  await database.pool.query('truncate user_logins, quarantine, elsewhere, vault, vault_data_keys');
});
afterAll(async () => {
  await worker?.end();
  await database?.remove();
});

async function withSchema(change: string, ...toUndo: string[]): Promise<void> {
  undo = toUndo;
  await database.pool.query(change);
}

/** A trigger for the rows of one user. */
async function withTrigger(timing: string, body: string, table = 'user_logins'): Promise<void> {
  await withSchema(
    `create function meddle() returns trigger language plpgsql as $$
       begin if new.user_id = 'odd' then ${body} end if; return new; end $$;
     create ${timing} on ${table} ${timing.startsWith('constraint') ? 'deferrable initially deferred ' : ''}for each row execute function meddle()`,
    'drop function meddle cascade',
  );
}

const idsIn = async (table: string): Promise<string[]> =>
  (await database.pool.query<{ id: string }>(`select message_id as id from ${table}`)).rows.map(
    ({ id }) => id,
  );

/** Of six messages the second and the fifth are of the odd user. */
async function insertSix() {
  const rowIds = newIds(6);
  const batch = batchToInsert({
    rowIds,
    userId: (index) => (index === 1 || index === 4 ? 'odd' : `user-${index}`),
    tag: newTag(),
  });
  const stored = await insertFitting(worker, batch);
  return { rowIds, stored, reasons: stored.refused.map(({ index, reason }) => [index, reason]) };
}

const DROPPED = 'user_logins: a trigger of the table dropped, moved or changed the row (LE001)';

describe('a row that goes in without an error, and is not there, is refused, and no duplicate', () => {
  test.each([
    ['drops it', 'trigger t before insert', 'return null;'],
    ['moves it', 'trigger t before insert', 'insert into elsewhere select new.*; return null;'],
    ['gives it another id', 'trigger t before insert', `new.message_id := new.message_id || 'x';`],
    ['gives it another date', 'trigger t before insert', 'new.create_date := new.create_date + 1;'],
    [
      'deletes it afterwards',
      'trigger t after insert',
      'delete from user_logins where message_id = new.message_id;',
    ],
    [
      'deletes it at the commit',
      'constraint trigger t after insert',
      'delete from user_logins where message_id = new.message_id;',
    ],
  ])('a trigger %s', async (_what, timing, body) => {
    await withTrigger(timing, body);
    await database.pool.query('grant delete on user_logins to login_etl_worker');
    undo.push('revoke delete on user_logins from login_etl_worker');
    const { rowIds, stored, reasons } = await insertSix();
    expect(stored).toMatchObject({ inserted: 4, duplicates: 0, quarantined: 0 });
    expect(reasons).toEqual([
      [1, DROPPED],
      [4, DROPPED],
    ]);
    const kept = rowIds.filter((_, index) => index !== 1 && index !== 4);
    expect((await idsIn('user_logins')).toSorted()).toEqual(kept.toSorted());
    // What the trigger did with the row is undone: it is to be in one table only.
    expect(await idsIn('elsewhere')).toEqual([]);
  });

  test('a trigger of a partition deletes it afterwards', async () => {
    const body = 'delete from user_logins where message_id = new.message_id;';
    await withTrigger('trigger t after insert', body, 'user_logins_2026_11');
    await database.pool.query('grant delete on user_logins to login_etl_worker');
    undo.push('revoke delete on user_logins from login_etl_worker');
    const { stored } = await insertSix();
    expect(stored).toMatchObject({ inserted: 4, refused: [{ index: 1 }, { index: 4 }] });
  });

  test('a view in place of the table, with a trigger behind it: the run waits', async () => {
    const body = 'delete from logins where message_id = new.message_id;';
    await withTrigger('trigger t after insert', body);
    await database.pool.query(
      `alter table user_logins rename to logins;
       grant delete on logins to login_etl_worker;
       create view user_logins as select * from logins;
       grant select, insert on user_logins to login_etl_worker`,
    );
    undo.unshift(
      'drop view user_logins',
      'revoke delete on logins from login_etl_worker',
      'alter table logins rename to user_logins',
    );
    await expect(insertSix()).rejects.toMatchObject({ code: 'LE002' });
    expect(await idsIn('user_logins')).toEqual([]);
  });

  test('another team’s unique index: one row of each user goes in, the reason names the index', async () => {
    await withSchema(
      'create unique index one_a_day on user_logins (user_id, create_date)',
      'drop index one_a_day',
    );
    const { stored, reasons } = await insertSix();
    expect(stored).toMatchObject({ inserted: 5, duplicates: 0 });
    expect(reasons).toEqual([
      [
        expect.toBeOneOf([1, 4]),
        expect.stringMatching(/a row breaks a constraint \(23505, user_logins_2026_11_user_id/),
      ],
    ]);
  });

  test('an exclusion or deferred constraint names itself too', async () => {
    await withSchema(
      `alter table user_logins add constraint one_each unique (user_id, create_date) deferrable initially deferred`,
      'alter table user_logins drop constraint one_each',
    );
    const { stored, reasons } = await insertSix();
    expect(stored).toMatchObject({ inserted: 5, duplicates: 0 });
    expect(reasons).toMatchObject([[expect.any(Number), expect.stringContaining('23505')]]);
  });

  test('a policy that refuses a row', async () => {
    await withSchema(
      `alter table user_logins enable row level security;
       create policy readable on user_logins for select using (true);
       create policy no_odd on user_logins for insert with check (user_id <> 'odd')`,
      'drop policy readable on user_logins',
      'drop policy no_odd on user_logins',
      'alter table user_logins disable row level security',
    );
    const { stored, reasons } = await insertSix();
    expect(stored).toMatchObject({ inserted: 4, duplicates: 0 });
    expect(reasons).toMatchObject([
      [1, expect.stringContaining('42501')],
      [4, expect.stringContaining('42501')],
    ]);
  });

  test('a rule instead of the insert: nothing is stored or acknowledged, and the run waits', async () => {
    await withSchema(
      'create rule nothing as on insert to user_logins do instead nothing',
      'drop rule nothing on user_logins',
    );
    await expect(insertSix()).rejects.toMatchObject({ code: '0A000' });
    expect(await idsIn('user_logins')).toEqual([]);
  });
});

test('a refused row whose message is stored already is a duplicate', async () => {
  const rowIds = newIds(3);
  await insertFitting(worker, batchToInsert({ rowIds }));
  await withSchema(
    `alter table user_logins add constraint none check (user_id <> 'odd') not valid`,
    'alter table user_logins drop constraint none',
  );
  const again = batchToInsert({ rowIds, userId: () => 'odd' });
  expect(await insertFitting(worker, again)).toEqual({
    inserted: 0,
    duplicates: 3,
    quarantined: 0,
    refused: [],
  });
});

describe('what has no other place to go to makes the run wait, and nothing is committed', () => {
  test.each([
    ['quarantine', 'QuarantineDropsRows'],
    ['vault', 'VaultDropsOriginals'],
    ['vault_data_keys', 'VaultDropsOriginals'],
  ])('a trigger drops rows of %s', async (table, name) => {
    await withSchema(
      `create function drop_it() returns trigger language plpgsql as $$ begin return null; end $$;
       create trigger t before insert on ${table} for each row execute function drop_it()`,
      'drop function drop_it cascade',
    );
    const batch = batchToInsert({
      rowIds: newIds(2),
      quarantineIds: newIds(2),
      originals: [['ip', '0a'.repeat(32)]],
    });
    await expect(insertFitting(worker, batch)).rejects.toMatchObject({ name });
    expect([...(await idsIn('user_logins')), ...(await idsIn('quarantine'))]).toEqual([]);
  });

  test('another team’s unique index on the vault', async () => {
    await withSchema('create unique index one on vault (mask_key_id)', 'drop index one');
    const batch = batchToInsert({
      rowIds: newIds(1),
      originals: [
        ['ip', '0a'.repeat(32)],
        ['ip', '0b'.repeat(32)],
      ],
    });
    await expect(insertFitting(worker, batch)).rejects.toMatchObject({
      name: 'VaultDropsOriginals',
    });
  });
});

describe('trouble with the table is not trouble with the rows: nothing goes to quarantine', () => {
  const expectWait = async (rows: number, reason: RegExp) => {
    await expect(
      insertFitting(worker, batchToInsert({ rowIds: newIds(rows) })),
    ).rejects.toMatchObject({ name: 'TableRefusesRows', detail: expect.stringMatching(reason) });
    expect([...(await idsIn('user_logins')), ...(await idsIn('quarantine'))]).toEqual([]);
  };

  test('no partition for the rows, even for a single one', async () => {
    await withSchema(
      `alter table user_logins detach partition user_logins_2026_11;
       alter table user_logins detach partition user_logins_default`,
      'alter table user_logins attach partition user_logins_default default',
      `alter table user_logins attach partition user_logins_2026_11 for values from ('2026-11-01') to ('2026-12-01')`,
    );
    await expectWait(1, /23514/);
    await expectWait(30, /23514/);
  });

  test('no partition for some of the rows', async () => {
    await withSchema(
      `alter table user_logins detach partition user_logins_default`,
      'alter table user_logins attach partition user_logins_default default',
    );
    const batch = batchToInsert({ rowIds: newIds(2) });
    await expect(
      insertFitting(worker, { ...batch, sentAtMs: [SENT_AT_MS, Date.UTC(2001, 1, 1)] }),
    ).rejects.toMatchObject({ name: 'TableRefusesRows' });
  });

  test('a column of another team that wants a value', async () => {
    await withSchema(
      'alter table user_logins add column region text not null',
      'alter table user_logins drop column region',
    );
    await expectWait(1, /23502, region/);
  });

  test('a column of another team with a check that no row meets', async () => {
    await withSchema(
      'alter table user_logins add column region text constraint wants_region check (region is not null)',
      'alter table user_logins drop column region',
    );
    await expectWait(20, /23514, wants_region/);
  });

  test('a trigger that refuses every row', async () => {
    await withSchema(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
       create trigger t before insert on user_logins for each row execute function refuse()`,
      'drop function refuse cascade',
    );
    await expectWait(300, /P0001/);
  });

  describe('batches of few rows, with a check that no row meets', () => {
    const FIVE = () => batchToInsert({ rowIds: newIds(5) });
    beforeEach(async () => {
      await database.pool.query('truncate ingest_batches');
      await withSchema(
        'alter table user_logins add column region text constraint wants_region check (region is not null)',
        'alter table user_logins drop column region',
      );
    });

    /** As the workflow does: what was refused is quarantined next. */
    async function quarantineFive(): Promise<void> {
      const batch = FIVE();
      const { refused } = await insertFitting(worker, batch);
      expect(refused).toHaveLength(5);
      await quarantine(batch, refused);
    }

    function quarantine(batch: ReturnType<typeof FIVE>, refused: readonly { reason: string }[]) {
      const bad = batchToInsert({ quarantineIds: batch.messageIds, tag: batch.batch });
      const reasons = refused.map(({ reason }) => reason);
      return insertFitting(worker, {
        ...{ ...bad, ofRefused: true, quarantine: { ...bad.quarantine, reasons } },
      });
    }

    test('fifteen messages go to quarantine, and the next five wait', async () => {
      for (let batch = 0; batch < 3; batch += 1) await quarantineFive();
      await expect(insertFitting(worker, FIVE())).rejects.toMatchObject({
        name: 'TableRefusesRows',
        detail: expect.stringContaining('wants_region'),
      });
    });

    test('a row that is stored in between shows that the table takes rows', async () => {
      for (let batch = 0; batch < 3; batch += 1) await quarantineFive();
      await database.pool.query('alter table user_logins drop constraint wants_region');
      await insertFitting(worker, FIVE());
      await database.pool.query(
        'alter table user_logins add constraint wants_region check (region is not null) not valid',
      );
      for (let batch = 0; batch < 3; batch += 1) await quarantineFive();
      await expect(insertFitting(worker, FIVE())).rejects.toMatchObject({
        name: 'TableRefusesRows',
      });
    });

    test('reasons that differ from batch to batch count together', async () => {
      for (let batch = 0; batch < 3; batch += 1) {
        await quarantineFive();
        await database.pool.query(
          `alter table user_logins rename constraint wants_region to next_reason;
           alter table user_logins add constraint wants_region check (region is not null) not valid`,
        );
        await database.pool.query('alter table user_logins drop constraint next_reason');
      }
      await expect(insertFitting(worker, FIVE())).rejects.toMatchObject({
        name: 'TableRefusesRows',
      });
    });

    test('lanes that are refused rows at the same time know of each other', async () => {
      const lanes = Array.from({ length: 6 }, () => FIVE());
      const answers = await Promise.allSettled(lanes.map((lane) => insertFitting(worker, lane)));
      expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(3);
    });

    test('messages that are in quarantine for other reasons do not count', async () => {
      for (let batch = 0; batch < 5; batch += 1) {
        await insertFitting(worker, batchToInsert({ quarantineIds: newIds(5) }));
      }
      await quarantineFive();
    });
  });

  test('a privilege that is missing, a table that is gone', async () => {
    await withSchema(
      'revoke insert on user_logins from login_etl_worker',
      'grant insert on user_logins to login_etl_worker',
    );
    const batch = batchToInsert({ rowIds: newIds(3) });
    await expect(insertFitting(worker, batch)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a run may quarantine so many refused rows for one reason', () => {
  const quarantine = (count: number, tag = newTag(), limitPerReason = 5) => {
    const batch = batchToInsert({ quarantineIds: newIds(count), tag });
    return insertFitting(worker, {
      ...batch,
      quarantine: { ...batch.quarantine, limitPerReason },
    });
  };

  test('up to the limit, over all of its batches; then it waits', async () => {
    const tag = newTag();
    await quarantine(3, tag);
    await quarantine(2, { ...tag, number: 2 });
    await expect(quarantine(1, { ...tag, number: 3 })).rejects.toMatchObject({
      name: 'QuarantineLimitReached',
    });
    expect(await idsIn('quarantine')).toHaveLength(5);
    // Another run has a limit of its own.
    await quarantine(5);
  });

  test('reasons of one kind count together, whatever constraint they name', async () => {
    const tag = newTag();
    const refused = (reasons: string[], number: number) => {
      const batch = batchToInsert({
        quarantineIds: newIds(reasons.length),
        tag: { ...tag, number },
      });
      return insertFitting(worker, {
        ...batch,
        quarantine: { ...batch.quarantine, reasons, limitPerReason: 3 },
      });
    };
    const reason = (name: string) => `user_logins: a row breaks a constraint (23505, ${name})`;
    await refused([reason('of_may'), reason('of_june'), 'message: is not JSON'], 1);
    await refused([reason('of_july')], 2);
    await expect(refused([reason('of_august')], 3)).rejects.toMatchObject({
      name: 'QuarantineLimitReached',
    });
  });
});
