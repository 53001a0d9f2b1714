import type { Pool, PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countLoginsOf } from '../../../src/postgres/logins/count-rows.ts';
import { findAccounts } from '../../../src/postgres/logins/find-accounts.ts';
import { accountsOn } from '../../../src/postgres/reads/accounts-on.ts';
import { readDays, readDistinct } from '../../../src/postgres/reads/read-days.ts';
import { readShared } from '../../../src/postgres/reads/read-sharing.ts';
import { readSnapshot } from '../../../src/postgres/reads/read-snapshot.ts';
import {
  countLogins,
  type Position,
  searchLogins,
} from '../../../src/postgres/reads/search-logins.ts';
import { SUM_KINDS, sumUp } from '../../../src/postgres/reads/sum-up.ts';
import { migrate } from '../../../src/postgres/run-migrations.ts';
import { countOriginals } from '../../../src/postgres/vault/erase-originals.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

const MONTHS = 24;
const ROWS_PER_DAY = 60;

let database: TestDatabase;

/** Hex, as masked values are. */
const masked = (name: string) => `encode(sha256(convert_to(${name}, 'UTF8')), 'hex')`;

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  await pool.query(`
    set local role login_etl_migrator;
    select login_etl_make_partitions('2024-01-01', '2025-12-01');
    insert into user_logins
    select 'user-' || n % 997, case n % 3 when 0 then 'ios' else 'android' end, ${masked(`'ip' || n % 501`)},
      ${masked(`'device' || n % 1999`)}, case when n % 5 > 0 then 'de_DE' end, '2.' || n % 4,
      '2024-01-01'::date + n / ${ROWS_PER_DAY}, 'message-' || n, 'key-1', now(), now(), gen_random_uuid(), 1
    from generate_series(0, ${ROWS_PER_DAY} * 730) as n`);
  await migrate(pool);
  await pool.query('analyze user_logins');
}, 120_000);
afterAll(() => database?.remove());

const ALL = { from: '2024-01-01', to: '2025-12-31' };
const WINDOW = { from: '2025-08-15', to: '2025-11-12' };

async function maskedOf(name: string): Promise<string> {
  const { rows } = await database.pool.query<{ value: string }>(`select ${masked('$1')} as value`, [
    name,
  ]);
  return rows[0]?.value ?? '';
}

type Plan = { 'Node Type': string; 'Relation Name'?: string; Plans?: Plan[] };

/** The relations that a statement reads, each with how. */
async function planOf(act: (db: Pool) => Promise<unknown>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  const walk = (plan: Plan) => {
    if (plan['Relation Name'] !== undefined) found.push([plan['Relation Name'], plan['Node Type']]);
    for (const child of plan.Plans ?? []) walk(child);
  };
  const query = async (statement: string, values?: unknown[]) => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `explain (format json) ${statement}`,
      values,
    );
    for (const row of rows) for (const { Plan: plan } of row['QUERY PLAN']) walk(plan);
    return { rows: [] };
  };
  await act({ query } as unknown as Pool);
  return found;
}

describe(`with ${MONTHS} monthly partitions`, () => {
  const MONTHS_OF_WINDOW = ['2025_08', '2025_09', '2025_10', '2025_11'];
  const SELECTIVE = { user: 'user-7', maskedDevice: 'device7', maskedIp: 'ip7' };

  test.each([...Object.entries(SELECTIVE), ['deviceType', 'ios'], ['user', undefined]] as const)(
    'a search by %s %s reads the months of its window, by an index',
    async (name, given) => {
      const value = name.startsWith('masked') && given ? await maskedOf(given) : given;
      const filter = { ...WINDOW, [name]: value };
      const after: Position = ['2025-09-20', 'message-1'];
      for (const [page, months] of [
        [{ limit: 50 }, MONTHS_OF_WINDOW],
        [{ limit: 50, after }, MONTHS_OF_WINDOW.slice(0, 2)],
      ] as const) {
        const plan = await planOf((db) => searchLogins(db, filter, page));
        expect(plan.map(([table]) => table).toSorted()).toEqual(
          months.map((month) => `user_logins_${month}`),
        );
        expect(plan.filter(([, how]) => how === 'Seq Scan')).toEqual([]);
      }
    },
  );

  test.each(Object.entries(SELECTIVE))(
    'the logins of %s %s are counted, and their accounts listed, by an index',
    async (name, given) => {
      const value = name.startsWith('masked') ? await maskedOf(given) : given;
      const filter = { ...WINDOW, [name]: value };
      const plan = await planOf((db) =>
        Promise.all([countLogins(db, filter), accountsOn(db, filter, 100)]),
      );
      expect(new Set(plan.map(([table]) => table)).size).toBe(MONTHS_OF_WINDOW.length);
      expect(plan.filter(([, how]) => how === 'Seq Scan')).toEqual([]);
    },
  );
  test('`find` and `erase` of an account or a device read no partition as a whole', async () => {
    const value = await maskedOf('device7');
    const target = { userId: 'user-7', keepShared: true };
    const plan = [
      ...(await planOf((db) => findAccounts(db, 'device_id', [value], { limit: 5 }))),
      ...(await planOf((db) => countLoginsOf(db, 'user-7'))),
      ...(await planOf((db) => countOriginals(db, target).catch(() => undefined))),
    ].filter(([table]) => table.startsWith('user_logins_2'));
    expect(plan.length).toBeGreaterThan(4 * MONTHS);
    expect(plan.filter(([table, how]) => how === 'Seq Scan' && !isEmpty(table))).toEqual([]);
  });
});

describe('what is answered from sums', () => {
  const PAGE = { limit: 51, after: [40, 'f'] } as const;
  beforeAll(async () => {
    for (const kind of SUM_KINDS) await sumUp(database.pool, kind);
    await database.pool.query('analyze login_days, login_sketches, device_accounts, ip_accounts');
  }, 60_000);

  test.each([
    ['days', (db: Pool) => readDays(db, WINDOW, 'app_version'), 'login_days'],
    ['distinct', (db: Pool) => readDistinct(db, WINDOW), 'login_sketches'],
    [
      'sharing/devices',
      (db: Pool) => readShared(db, 'devices', {}, { limit: 51 }),
      'device_accounts',
    ],
    ['sharing/ips', (db: Pool) => readShared(db, 'ips', { keyedOnly: true }, PAGE), 'ip_accounts'],
  ] as const)('%s reads no partition, and its own table by an index', async (_name, act, table) => {
    const plan = await planOf(act);
    expect(new Set(plan.map(([name]) => name))).toEqual(new Set([table]));
    expect(plan.filter(([, how]) => how === 'Seq Scan')).toEqual([]);
  });
});

/** Months after the last one with rows. */
const isEmpty = (table: string) => table > 'user_logins_2025_12';

const read = <T>(act: (db: PoolClient) => Promise<T>): Promise<T> =>
  readSnapshot(database.pool, act).then(({ value }) => value);

test('pages follow each other without a gap or a repeated row, also where filters are combined', async () => {
  const filter = { ...WINDOW, deviceType: 'android', locale: 'de_DE' };
  const ids: string[] = [];
  let after: Position | undefined;
  do {
    const from = after;
    const rows = await read((db) => searchLogins(db, filter, { after: from, limit: 97 }));
    ids.push(...rows.map(({ create_date, message_id }) => `${create_date} ${message_id}`));
    const last = rows.at(-1);
    after = last && [last.create_date, last.message_id];
  } while (after);
  const { rows } = await database.pool.query<{ id: string }>(`
    select create_date || ' ' || message_id as id from user_logins
    where create_date between '${WINDOW.from}' and '${WINDOW.to}' and device_type = 'android' and locale = 'de_DE'
    order by create_date desc, message_id desc`);
  expect(ids).toEqual(rows.map(({ id }) => id));
  expect(await read((db) => countLogins(db, filter))).toEqual({
    value: ids.length,
    at_least: false,
  });
});

test('a masked value that only begins like another one is not taken for it', async () => {
  const value = await maskedOf('device7');
  const search = (maskedDevice: string) =>
    read((db) => searchLogins(db, { ...ALL, maskedDevice }, { limit: 10 }));
  expect(await search(value)).toHaveLength(10);
  expect(await search(`${value.slice(0, 40)}${'0'.repeat(24)}`)).toEqual([]);
});

test('the accounts of a device are those that `find` lists', async () => {
  const value = await maskedOf('device7');
  const { accounts, total, atLeast } = await read((db) =>
    accountsOn(db, { ...ALL, maskedDevice: value }, 5),
  );
  const found = await findAccounts(database.pool, 'device_id', [value], { limit: 5 });
  expect({ total, atLeast }).toEqual({ total: found.total, atLeast: false });
  expect(accounts).toEqual(
    found.accounts.map(({ userId, logins, firstDay, lastDay }) => ({
      ...{ user_id: userId, logins, first_day: firstDay, last_day: lastDay },
    })),
  );
});
