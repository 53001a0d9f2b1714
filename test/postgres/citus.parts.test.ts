import { readFile } from 'node:fs/promises';
import pg, { type Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertBatch, insertRowByRow } from '../../src/postgres/ingest/insert-batch.ts';
import { tryInsert } from '../../src/postgres/ingest/try-insert.ts';
import { readLedger } from '../../src/postgres/runs/read-ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { batchToInsert, newIds, SENT_AT_MS } from './ingest/batch-to-insert.ts';

/**
 * What Citus demands of the table that `deploy/citus/distribute.sql` distributes, and of the statements of ingestion. The rules
 * are those of Citus 13.2, with which both were tried; plain Postgres is enough to find what breaks them.
 */
const FILE = await readFile(new URL('../../deploy/citus/distribute.sql', import.meta.url), 'utf8');
const statements = FILE.replace(/^(--|\\).*$/gm, '')
  .split(';')
  .map((each) => each.trim());
const [, table = '', column = ''] = /create_distributed_table\('(\w+)', '(\w+)'\)/.exec(FILE) ?? [];
const DROPPED = statements.filter((each) => each.startsWith('drop trigger'));

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

async function read<Row extends object>(statement: string, ...values: unknown[]): Promise<Row[]> {
  return (await database.pool.query<Row>(statement, values)).rows;
}

/** Postgres demands of a table that is partitioned by hash what Citus does: each unique index has the column. */
async function distribute(name: string, by: string): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `create table distributed (like ${name} including all) partition by hash (${by})`,
    );
    await client.query(
      'create table shard partition of distributed for values with (modulus 2, remainder 0)',
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const tablesOf = async (): Promise<string[]> =>
  (
    await read<{ name: string }>(
      'select relid::regclass::text as name from pg_partition_tree($1::regclass)',
      table,
    )
  ).map(({ name }) => name);

describe('user_logins can be distributed', () => {
  test('the file distributes it by the message id, and leaves every other table on the coordinator', () => {
    expect(statements.filter((each) => each.includes('create_'))).toEqual([
      `select create_distributed_table('user_logins', 'message_id')`,
    ]);
  });

  test('each of its unique indexes, and of its partitions, has the column', async () => {
    const tables = await tablesOf();
    expect(tables.length).toBeGreaterThan(2);
    for (const name of tables) await distribute(name, column);
  });

  test('a unique index without the column is found', async () => {
    await database.pool.query('create table another (like user_logins including all)');
    await database.pool.query('create unique index on another (user_id, create_date)');
    await expect(distribute('another', column)).rejects.toThrow(/unique constraint/);
    await database.pool.query('drop table another');
  });

  test.each([
    ['quarantine', 'message_id'],
    ['quarantine_versions', 'message_id'],
    ['vault', 'masked_value'],
    ['vault_set_aside', 'masked_value'],
  ])('so could %s, by %s, if it outgrows the coordinator', (name, by) => distribute(name, by));

  test('no table has a foreign key or an exclusion constraint', async () => {
    expect(
      await read(
        `select conname, conrelid::regclass::text as table from pg_constraint
         where contype in ('f', 'x') and connamespace = current_schema()::regnamespace`,
      ),
    ).toEqual([]);
  });

  test('none of its columns takes its value from a sequence or from another column', async () => {
    expect(
      await read(
        `select attname from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and (
           attidentity <> '' or attgenerated <> '' or pg_get_expr(adbin, adrelid) like '%nextval%'
         )`,
        table,
      ),
    ).toEqual([]);
  });

  test('its only triggers, and rules, are those that the file drops', async () => {
    const left = `
      select tgname as name from pg_trigger where tgrelid = $1::regclass and not tgisinternal
      union all select rulename from pg_rewrite where ev_class = $1::regclass`;
    expect((await read(left, table)).length).toBe(DROPPED.length);
    for (const statement of DROPPED) await database.pool.query(statement);
    expect(await read(left, table)).toEqual([]);
  });

  test('without the triggers the read service reads nothing, and so answers nothing that is old', async () => {
    const revoke = statements.find((each) => each.startsWith('revoke')) ?? '';
    await database.pool.query(revoke);
    const reader = new pg.Pool({ connectionString: database.urls.reader });
    const reading = reader.query('select user_id from user_logins');
    await expect(reading).rejects.toMatchObject({ code: '42501' });
    await reader.end();
  });

  test('no view joins it with another table', async () => {
    expect(
      await read(
        `select distinct ev_class::regclass::text as view from pg_rewrite join pg_depend on objid = pg_rewrite.oid
         where refobjid = $1::regclass`,
        table,
      ),
    ).toEqual([]);
  });
});

/** Also what functions of the database do with the table. */
async function functionsOf(names: readonly string[]): Promise<string[]> {
  const found = await read<{ body: string }>(
    'select prosrc as body from pg_proc where proname = any($1)',
    names,
  );
  expect(found.length).toBe(names.length);
  return found.map(({ body }) => body);
}

/** A pool that notes the statements that go through it. */
function noting(noted: Set<string>): Pool {
  class Noting extends pg.Client {
    override query(...args: unknown[]): never {
      if (typeof args[0] === 'string') noted.add(args[0]);
      return Reflect.apply(super.query, this, args) as never;
    }
  }
  return new pg.Pool({ connectionString: database.url, Client: Noting });
}

describe('ingestion uses only statements that Citus has a plan for', () => {
  const noted = new Set<string>();
  beforeAll(async () => {
    const pool = noting(noted);
    const ids = newIds(20);
    const bad = newIds(2);
    await insertBatch(pool, batchToInsert({ rowIds: ids, quarantineIds: bad }));
    await insertBatch(pool, batchToInsert({ rowIds: [...ids, ...bad], quarantineIds: ids }));
    await insertRowByRow(pool, { ...batchToInsert({ rowIds: newIds(3) }), judge: () => undefined });
    await tryInsert(pool);
    await readLedger(pool, new Date(SENT_AT_MS));
    await pool.end();
    for (const body of await functionsOf([
      'login_etl_insert_rows',
      'login_etl_make_partitions',
      'login_etl_make_month',
      'login_etl_begin_move',
      'login_etl_default_rows',
    ])) {
      noted.add(body);
    }
  });

  const using = () => [...noted].filter((text) => /\b(from|into|join) user_logins/.test(text));

  test('an insert names the column, also to recognize a duplicate', () => {
    const inserts = using().filter((text) => text.includes('insert into user_logins'));
    expect(inserts.length).toBeGreaterThanOrEqual(2);
    for (const text of inserts) {
      expect(text).toMatch(
        /insert into user_logins \([^)]*\bmessage_id\b|insert into user_logins \(%1\$s\)/,
      );
      expect(text).toContain('on conflict (create_date, message_id) do nothing');
    }
  });

  test('rows are looked up by a list of message ids, never by a subquery for each message', () => {
    const reads = using().filter((text) => /from user_logins\b(?!_)/.test(text));
    expect(reads.length).toBeGreaterThanOrEqual(3);
    for (const text of reads) {
      const [, ...parts] = text.split(/from user_logins\b(?!_)/);
      // What follows the table, up to the end of its subquery: nothing of the query around it.
      for (const part of parts) expect(part).not.toMatch(/^[^)]*\b(batch|login|duplicate)\.\w/);
    }
  });

  test('no subquery is without columns', () => {
    for (const text of using()) expect(text).not.toMatch(/select\s+from user_logins/);
  });

  test('local tables are joined with it only as parts that are materialized', () => {
    for (const text of using()) {
      expect(text).not.toMatch(
        /join user_logins\b(?!_)[^()]*\bjoin (quarantine|ingest_\w+|retired_\w+)/,
      );
      for (const [, other = ''] of text.matchAll(/from (\w+)\s+join user_logins/g)) {
        expect(text).toContain(`${other} as materialized`);
      }
      for (const [, other = ''] of text.matchAll(/from user_logins\s+join (\w+)/g)) {
        expect(text).toContain(`${other} as materialized`);
      }
    }
  });
});
