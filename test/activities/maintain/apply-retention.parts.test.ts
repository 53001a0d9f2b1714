import { MockActivityEnvironment } from '@temporalio/testing';
import pg, { type Pool } from 'pg';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createApplyRetentionActivity } from '../../../src/activities/maintain/apply-retention.ts';
import { reconcile } from '../../../src/domain/reconciliation.ts';
import {
  monthStart,
  type RetentionDone,
  type RetentionPolicy,
} from '../../../src/domain/tables/retention.ts';
import { adoptTable, planAdoption, surveyRows } from '../../../src/postgres/adopt/adopt-table.ts';
import { boundedTransaction } from '../../../src/postgres/bounded-transaction.ts';
import { insertBatch } from '../../../src/postgres/ingest/insert-batch.ts';
import { moveDefaultRows } from '../../../src/postgres/partitions/move-default-rows.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { readLedger } from '../../../src/postgres/runs/read-ledger.ts';
import { countOriginals, eraseOriginals } from '../../../src/postgres/vault/erase-originals.ts';
import { batchToInsert, newIds } from '../../postgres/ingest/batch-to-insert.ts';
import { addOldLogins, OLD_TABLE } from '../../support/data/old-logins.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';

let database: TestDatabase;
let worker: Pool;
let custodian: Pool;
let openRuns: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  const poolOf = (connectionString: string) =>
    postgresPool({ connectionString }, { applicationName: 'test' });
  worker = poolOf(database.urls.worker);
  custodian = poolOf(database.urls.custodian);
  openRuns = [];
});
afterEach(async () => {
  await worker.end();
  await custodian.end();
  await database.remove();
});

const monthsAgo = (count: number): string =>
  monthStart(new Date().toISOString().slice(0, 7), -count).toISOString().slice(0, 7);
/** Kept, and no longer kept. */
const [YOUNG, OLD] = [monthsAgo(2), monthsAgo(4)];
const TABLE = `user_logins_${OLD.replace('-', '_')}`;
const DETACHED = `${TABLE}_detached`;

const apply = (
  policy: Partial<RetentionPolicy> = {},
  pool: Pool = custodian,
): Promise<RetentionDone> => {
  const { applyRetention } = createApplyRetentionActivity({
    pool,
    policy: { loginMonths: 2, detachedDays: 30, ...policy },
    openRunsBefore: async () => openRuns,
  });
  return new MockActivityEnvironment().run(applyRetention, {}) as Promise<RetentionDone>;
};

const middleOf = (month: string) => monthStart(month).getTime() + 12 * 86_400_000;

const masked = (name: string) => Buffer.from(name).toString('hex');

/** As a run stored them then; returns the batch, to store it again. */
async function stored(month: string, ids: readonly string[], names: readonly string[] = []) {
  const batch = batchToInsert({
    rowIds: ids,
    sentAtMs: middleOf(month),
    originals: names.map((name) => ['ip', masked(name)] as const),
  });
  const own = {
    ...batch,
    rows: { ...batch.rows, maskedIps: ids.map((_, at) => masked(names[at] ?? `none-${at}`)) },
  };
  expect(await insertBatch(worker, own)).toMatchObject({ inserted: ids.length });
  await moveDefaultRows(worker);
  return own;
}

const backup = (label = 'nightly') =>
  custodian.query(
    'insert into backups (label, started_at, finished_at) values ($1, now(), now())',
    [label],
  );

const column = async (query: string): Promise<unknown[]> =>
  (await database.pool.query<{ value: unknown }>(query)).rows.map(({ value }) => value);

const daysLater = (days: number) =>
  database.pool.query(
    `update retired_months set detached_at = detached_at - $1::integer * interval '1 day'`,
    [days],
  );

test('a month that is due is detached, and after the days that it is kept dropped, on the record', async () => {
  await stored(YOUNG, newIds(3));
  await stored(OLD, newIds(5));
  await backup();
  expect(await apply()).toMatchObject({ detached: [OLD], dropped: [], waiting: [] });
  expect(await column('select count(*)::int as value from user_logins')).toEqual([3]);
  expect(await column(`select count(*)::int as value from ${DETACHED}`)).toEqual([5]);
  // Analysts had rights on user_logins only; a custodian still reads the rows.
  expect((await custodian.query(`select from ${DETACHED}`)).rowCount).toBe(5);
  const analyst = new pg.Client({ connectionString: database.urls.analyst });
  await analyst.connect();
  await expect(analyst.query(`select from ${DETACHED}`)).rejects.toMatchObject({ code: '42501' });
  await analyst.end();
  await daysLater(29);
  expect(await apply()).toMatchObject({ detached: [], dropped: [] });
  await daysLater(1);
  expect(await apply()).toMatchObject({ dropped: [DETACHED] });
  expect(await column(`select to_regclass('${DETACHED}') as value`)).toEqual([null]);
  expect(await column('select action as value from audit_log order by id')).toEqual([
    ...['month-detach', 'originals-remove', 'month-drop'],
  ]);
  expect(
    await column(`select detail -> 'policy' ->> 'loginMonths' as value from maintenance`),
  ).toEqual(['2']);
});

test('nothing is due by default, and a month that waits does not hold up the others', async () => {
  await stored(OLD, newIds(1));
  await backup();
  expect(await apply({ loginMonths: undefined })).toMatchObject({ detached: [], waiting: [] });
  openRuns = ['ingest-logins-2026'];
  const waits = [
    { month: OLD, for: 'ingest-logins-2026 is open and may still store its messages' },
  ];
  expect(await apply()).toMatchObject({ detached: [], waiting: waits });
});

test('a month without a backup since its last row waits for one', async () => {
  await backup('early');
  await stored(OLD, newIds(1));
  expect(await apply()).toMatchObject({
    detached: [],
    waiting: [{ month: OLD, for: expect.stringContaining('no backup since') }],
  });
  await backup('late');
  expect(await apply()).toMatchObject({ detached: [OLD], waiting: [] });
  expect(await column('select backup as value from retired_months')).toEqual(['late']);
});

test('a month whose batch has lost a row waits, and so does one with a row of an unknown run', async () => {
  const ids = newIds(4);
  await stored(OLD, ids);
  await database.pool.query('update ingest_batches set stored_at = $1', [new Date(middleOf(OLD))]);
  await database.pool.query('delete from user_logins where message_id = $1', [ids[0]]);
  await backup();
  expect(await apply()).toMatchObject({
    waiting: [
      { month: OLD, for: 'the ledger does not add up: 1 batch(es) have lost or changed rows' },
    ],
  });
  await database.pool.query('delete from ingest_batches; delete from ingest_runs');
  expect(await apply()).toMatchObject({
    waiting: [{ month: OLD, for: 'the ledger does not add up: 1 run(s) are not in the ledger' }],
  });
});

test('a batch that comes again after its month was detached, or dropped, is not stored a second time', async () => {
  const batch = await stored(OLD, newIds(5));
  await backup();
  await apply();
  const again = { ...batch, batch: batchToInsert({}).batch };
  expect(await insertBatch(worker, again)).toEqual({ inserted: 0, quarantined: 0, duplicates: 5 });
  await daysLater(30);
  await apply();
  expect(await insertBatch(worker, again)).toEqual({ inserted: 0, quarantined: 0, duplicates: 5 });
  expect(await insertBatch(worker, batch)).toMatchObject({ quarantined: 0, duplicates: 5 });
  expect(await column('select count(*)::int as value from user_logins')).toEqual([0]);
});

test('the ledger adds up after a month was dropped', async () => {
  await stored(OLD, newIds(5));
  await backup();
  await database.pool.query(`
    update ingest_runs set finished_at = now(), outcome = 'completed', received = 5, inserted = 5, duplicates = 0,
      quarantined = 0, acknowledged = 5, batches = 1`);
  const findings = async () => {
    const { runs, inBothTables } = await readLedger(worker, new Date(0));
    return reconcile(runs, inBothTables).findings;
  };
  expect(await findings()).toEqual([]);
  await apply();
  expect(await findings()).toEqual([]);
  await daysLater(30);
  await apply();
  expect(await findings()).toEqual([]);
});

test('originals leave the vault with the last row that needs them, and no other', async () => {
  await stored(OLD, newIds(3), ['only-old', 'shared', 'also-detached']);
  await stored(monthsAgo(5), newIds(1), ['also-detached']);
  await stored(YOUNG, newIds(2), ['shared', 'only-young']);
  await backup();
  expect(await apply()).toMatchObject({ detached: [monthsAgo(5), OLD] });
  await database.pool.query(
    `update retired_months set detached_at = now() - interval '31 days' where month = $1`,
    [`${OLD}-01`],
  );
  expect(await apply()).toMatchObject({ dropped: [DETACHED], originalsRemoved: 1 });
  const left = `select convert_from(masked_value, 'UTF8') as value from vault order by 1`;
  expect(await column(left)).toEqual(['also-detached', 'only-young', 'shared']);
  await daysLater(31);
  expect(await apply()).toMatchObject({ originalsRemoved: 1 });
  expect(await column(left)).toEqual(['only-young', 'shared']);
  expect(await column('select count(*)::int as value from vault_set_aside')).toEqual([0]);
  // No data key is left that seals nothing.
  expect(
    await column(`
      select count(*)::int as value from vault_data_keys
      where not exists (select from vault where data_key_id = vault_data_keys.id)`),
  ).toEqual([0]);
});

test('an original that a row needs again while it leaves stays', async () => {
  await stored(OLD, newIds(1), ['again']);
  await backup();
  await apply();
  await daysLater(30);
  // A batch that has seen the original in the vault, and commits while it is set aside.
  const client = await database.pool.connect();
  await client.query('begin; lock table login_etl_insert_lock in row exclusive mode');
  const applying = apply();
  await expect
    .poll(() => column('select count(*)::int as value from vault_set_aside'), { interval: 20 })
    .toEqual([1]);
  await client.query(`
    insert into user_logins select user_id, device_type, masked_ip, masked_device_id, locale, app_version, current_date,
      'another', mask_key_id, now(), now(), run_id, batch_number from ${DETACHED}`);
  await client.query('commit');
  client.release();
  expect(await applying).toMatchObject({ dropped: [DETACHED], originalsRemoved: 0 });
  expect(await column(`select convert_from(masked_value, 'UTF8') as value from vault`)).toEqual([
    'again',
  ]);
});

test('an erasure reaches the originals of rows that were detached and not yet dropped', async () => {
  await stored(OLD, newIds(2), ['of-user-0', 'of-user-1']);
  await stored(YOUNG, newIds(1), ['young']);
  await backup();
  await apply();
  const target = { userId: 'user-1', keepShared: false };
  expect(await countOriginals(custodian, target)).toMatchObject({ ips: 1, shared: 0 });
  await boundedTransaction(custodian, undefined, (client) => eraseOriginals(client, target));
  expect(
    await column(`select convert_from(masked_value, 'UTF8') as value from vault order by 1`),
  ).toEqual(['of-user-0', 'young']);
});

test('while a rotation has not ended nothing is dropped', async () => {
  await stored(OLD, newIds(1), ['one']);
  await backup();
  await apply();
  await daysLater(30);
  await custodian.query(
    `insert into audit_log (action, reason, detail) values ('rotation.begin', 'test', '{"runId": "r", "toKeyId": "k"}')`,
  );
  expect(await apply()).toMatchObject({
    dropped: [],
    waiting: [{ month: OLD, for: 'a rotation of masking keys has not ended' }],
  });
  await custodian.query(
    `insert into audit_log (action, reason, detail) values ('rotation.end', 'test', '{"runId": "r"}')`,
  );
  expect(await apply()).toMatchObject({ dropped: [DETACHED] });
});

test('the database refuses every user what no setting may change', async () => {
  await stored(YOUNG, newIds(1));
  await stored(OLD, newIds(1));
  await database.pool.query(
    `insert into backups (label, started_at, finished_at) values ('old', $1, $1), ('new', now(), now())`,
    [monthStart(OLD)],
  );
  const refused = async (pool: Pool, statement: string, code = '55000') =>
    expect(pool.query(statement), statement).rejects.toMatchObject({ code });
  const [thisMonth, lastMonth] = [monthsAgo(0), monthsAgo(1)];
  for (const month of [thisMonth, lastMonth].filter(
    (each) => monthStart(each, 1).getTime() + 15 * 86_400_000 > Date.now(),
  )) {
    await refused(custodian, `select login_etl_prepare_month('${month}-01')`);
    await refused(custodian, `select login_etl_detach_month('${month}-01', 'new')`);
  }
  await refused(custodian, `select login_etl_detach_month('${OLD}-01', 'new')`);
  await custodian.query(`select login_etl_prepare_month('${OLD}-01')`);
  await refused(custodian, `select login_etl_detach_month('${OLD}-01', 'old')`);
  await refused(custodian, `select login_etl_detach_month('${OLD}-01', 'unknown')`);
  await custodian.query(`select login_etl_detach_month('${OLD}-01', 'new')`);
  await refused(custodian, `select login_etl_drop_month('${DETACHED}', 0)`);
  await refused(custodian, `select login_etl_drop_month('user_logins', 30)`);
  await refused(custodian, `select login_etl_prune_ledger(now(), 10)`, '22023');
  for (const statement of [
    `select login_etl_prepare_month('${OLD}-01')`,
    `select login_etl_detach_month('${OLD}-01', 'new')`,
    `select login_etl_drop_month('${DETACHED}', 30)`,
    `select login_etl_prune_ledger('2000-01-01', 10)`,
    `select from ${DETACHED}`,
    `update retired_months set detached_at = null`,
    'select from retiring_originals',
  ]) {
    await refused(worker, statement, '42501');
  }
  await refused(custodian, `drop table ${DETACHED}`, '42501');
  await refused(custodian, `delete from ${DETACHED}`, '42501');
});

test('adopted months leave as others do, and the adoption stays in the ledger for those that are left', async () => {
  const adopted = await createTestDatabase({ migrated: false });
  onTestFinished(() => adopted.remove());
  const { pool } = adopted;
  await pool.query(OLD_TABLE);
  await addOldLogins(pool, 480);
  const plan = await planAdoption(pool);
  const onProgress = () => undefined;
  await adoptTable(pool, plan, await surveyRows(pool, plan, onProgress), { onProgress });
  await pool.query(
    `insert into backups (label, started_at, finished_at) values ('nightly', now(), now())`,
  );
  const findings = async () => {
    const { runs, inBothTables } = await readLedger(pool, new Date(0));
    return reconcile(runs, inBothTables).findings;
  };
  for (const loginMonths of [12, 6]) {
    const { detached, waiting } = await apply({ loginMonths, ledgerMonths: 15 }, pool);
    expect(waiting).toEqual([]);
    expect(detached.length).toBeGreaterThanOrEqual(6);
    expect(await findings()).toEqual([]);
  }
  const { rows } = await pool.query<{ months: number }>(
    `select count(distinct date_trunc('month', create_date))::int as months from user_logins`,
  );
  expect(rows).toEqual([{ months: 7 }]);
});

test('old messages leave quarantine on the record, and old runs the ledger', async () => {
  await insertBatch(worker, batchToInsert({ quarantineIds: newIds(3) }));
  await insertBatch(worker, batchToInsert({ quarantineIds: newIds(2) }));
  const ids = (await column('select message_id as value from quarantine')).slice(0, 3);
  await database.pool.query(
    `update quarantine set quarantined_at = now() - interval '40 days' where message_id = any($1)`,
    [ids],
  );
  await database.pool.query(
    `update ingest_runs set started_at = now() - interval '200 days', finished_at = null
     where run_id = (select run_id from ingest_runs order by run_id limit 1)`,
  );
  const policy = { loginMonths: undefined, quarantineDays: 30, ledgerMonths: 4 };
  expect(await apply(policy)).toMatchObject({ quarantineDiscarded: 3, ledgerRunsRemoved: 1 });
  expect(await column('select count(*)::int as value from quarantine')).toEqual([2]);
  expect(await column('select count(*)::int as value from ingest_runs')).toEqual([1]);
  expect(await column('select cause as value from quarantine_departures')).toEqual(
    Array.from({ length: 3 }, () => 'discarded'),
  );
  expect(await column(`select detail ->> 'messages' as value from audit_log`)).toEqual(['3']);
});
