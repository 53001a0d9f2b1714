import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { AUDIT_ORIGIN, verifyAudit } from '../../../src/domain/verify-audit.ts';
import { appendAuditRecord } from '../../../src/postgres/audit/append-audit-record.ts';
import { readAuditLinks, readLatestAudit } from '../../../src/postgres/audit/read-audit.ts';
import { inTransaction } from '../../../src/postgres/in-transaction.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => tamper('truncate audit_log restart identity'));
afterAll(() => database?.remove());

const query = (text: string, values?: unknown[]) => database.pool.query(text, values);

const append = (reason: string, detail: Record<string, unknown> = { count: 1 }) =>
  appendAuditRecord(database.pool, { action: 'reveal', reason, detail });

const verify = (expectedHead?: string) => verifyAudit(readAuditLinks(database.pool), expectedHead);

/** As the table's owner can, who may switch the triggers off. */
async function tamper(statement: string): Promise<void> {
  await query('alter table audit_log disable trigger all');
  await query(statement);
  await query('alter table audit_log enable trigger all');
}

describe('the chain', () => {
  test('of no record is whole', async () => {
    expect(await verify()).toEqual({
      records: 0,
      head: AUDIT_ORIGIN,
      problems: [],
      moreProblems: 0,
    });
  });

  test('is made again outside the database, from text in any alphabet', async () => {
    const made = [];
    for (const reason of [
      'a court order',
      'Anfrage § 15 – „dringend“',
      '裁判所 🧾 "quoted" \\ \n line',
    ]) {
      made.push(await append(reason, { größe: [1, 1.5, null, true, { a: '🧾' }], ids: ['x'] }));
    }
    const { records, head, problems } = await verify();
    expect({ records, problems }).toEqual({ records: 3, problems: [] });
    expect(head).toBe(made[2]?.hash);
    expect(made.map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  test('is hashed over what audit_record() gives', async () => {
    await append('a reason', { z: 1, a: [1e3, 'ä'] });
    const { rows } = await query(`
      select audit_record(previous_hash, id, at, actor, action, reason, detail) as text from audit_log`);
    const links = [];
    for await (const link of readAuditLinks(database.pool)) links.push(link.text);
    expect(links).toEqual(rows.map(({ text }) => text));
  });

  test('is read in pages', async () => {
    await query(
      `insert into audit_log (action, reason) select 'reveal', n::text from generate_series(1, 450) n`,
    );
    expect(await verify()).toMatchObject({ records: 450, problems: [] });
  });

  test('has no gap after writers that were rolled back, nor after many at once', async () => {
    await append('the first');
    const undone = inTransaction(database.pool, 'begin', async (client) => {
      await appendAuditRecord(client, { action: 'reveal', reason: 'undone', detail: {} });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    const receipts = await Promise.all(Array.from({ length: 40 }, (_, n) => append(`${n}`)));
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(40);
    expect(await verify()).toMatchObject({ records: 41, problems: [] });
  });

  test('refuses a writer with an old snapshot, rather than forking', async () => {
    const old = inTransaction(
      database.pool,
      'begin isolation level repeatable read',
      async (client) => {
        await client.query('select 1 from audit_log');
        await append('meanwhile');
        return appendAuditRecord(client, { action: 'reveal', reason: 'late', detail: {} });
      },
    );
    await expect(old).rejects.toMatchObject({ code: '23505' });
    expect(await verify()).toMatchObject({ records: 1, problems: [] });
  });
});

describe('a change by the owner, with the triggers off,', () => {
  beforeEach(async () => {
    for (const reason of ['one', 'two', 'three', 'four', 'five']) await append(reason);
  });

  test.each([
    ['of a reason', `update audit_log set reason = 'else' where id = 3`],
    ['of a detail', `update audit_log set detail = '{}' where id = 3`],
    ['of the actor', `update audit_log set actor = 'else' where id = 3`],
    ['of the action', `update audit_log set action = 'else' where id = 3`],
    ['of the time', `update audit_log set at = at + interval '1 microsecond' where id = 3`],
    ['of the hash', `update audit_log set hash = sha256('') where id = 3`],
  ])('%s breaks the chain at its record', async (_, statement) => {
    await tamper(statement);
    expect((await verify()).problems[0]).toMatch(/^record 3 was changed/);
  });

  test('that makes the hash fit again is found at the record after it', async () => {
    await tamper(`
      update audit_log set reason = 'else', hash = sha256(convert_to(
        audit_record(previous_hash, id, at, actor, action, 'else', detail), 'UTF8')) where id = 3`);
    expect((await verify()).problems).toEqual([
      'record 3 was changed, and its hash with it: record 4 follows another one',
    ]);
  });

  test('that hides behind an audit_record() of its own is found', async () => {
    const { rows } = await query(
      `select pg_get_functiondef('audit_record'::regproc) as definition`,
    );
    onTestFinished(async () => {
      await query(`${rows[0].definition}; drop table original`);
    });
    await query(`
      create table original as select * from audit_log;
      create or replace function audit_record(
        previous_hash bytea, id bigint, at timestamptz, actor text, action text, reason text, detail jsonb
      ) returns text language sql stable as $$
        select jsonb_build_array(encode(o.previous_hash, 'hex'), o.id,
          to_char(o.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          o.actor, o.action, o.reason, o.detail)::text from original o where o.id = audit_record.id
      $$`);
    await tamper(`update audit_log set reason = 'else' where id = 3`);
    expect((await verify()).problems[0]).toMatch(/^record 3 was changed/);
  });

  test.each([
    ['one in the middle', 'id = 3', 'record 3 was taken out'],
    ['some', 'id in (2, 3)', 'records 2 to 3 were taken out'],
    ['the first', 'id = 1', 'record 1 was taken out'],
  ])('that takes out %s names it', async (_, which, problem) => {
    await tamper(`delete from audit_log where ${which}`);
    expect((await verify()).problems).toEqual([problem]);
  });

  test('that takes one out and closes the gap is found', async () => {
    await tamper(
      `delete from audit_log where id = 3; update audit_log set id = id - 1 where id > 3`,
    );
    expect((await verify()).problems[0]).toMatch(/record 2 was changed|record 3 was changed/);
  });

  test('that swaps two is found', async () => {
    await tamper(`
      update audit_log set id = -2 where id = 2; update audit_log set id = 2 where id = 3;
      update audit_log set id = 3 where id = -2`);
    const { problems } = await verify();
    expect(problems.some((problem) => problem.startsWith('record 2 was changed'))).toBe(true);
    expect(problems.some((problem) => problem.startsWith('record 3 was changed'))).toBe(true);
  });

  test('that cuts off the end is found by a head noted before, and by nothing else', async () => {
    const { head } = await verify();
    await append('six');
    expect((await verify(head)).problems).toEqual([]);
    await tamper('delete from audit_log where id >= 5');
    expect((await verify()).problems).toEqual([]);
    expect((await verify(head)).problems).toEqual([
      expect.stringMatching(/expected head.*4 record/),
    ]);
  });
});

test('the latest records are read oldest first, of one action or since a time', async () => {
  for (const reason of ['one', 'two', 'three']) await append(reason);
  await appendAuditRecord(database.pool, { action: 'erase', reason: 'four', detail: { rows: 3 } });
  const reasons = async (filter: Partial<Parameters<typeof readLatestAudit>[1]>) =>
    (await readLatestAudit(database.pool, { limit: 2, ...filter })).map(({ reason }) => reason);
  expect(await reasons({})).toEqual(['three', 'four']);
  expect(await reasons({ action: 'reveal' })).toEqual(['two', 'three']);
  expect(await reasons({ since: new Date(Date.now() + 60_000) })).toEqual([]);
});
