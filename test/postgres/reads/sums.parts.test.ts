import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDays, readDistinct, STANDARD_ERROR } from '../../../src/postgres/reads/read-days.ts';
import { readShared } from '../../../src/postgres/reads/read-sharing.ts';
import { SUM_KINDS, summedUpTo, sumUp } from '../../../src/postgres/reads/sum-up.ts';
import { createTestDatabase, type TestDatabase } from '../../support/servers/test-database.ts';
import { storeLogins } from '../login-rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.remove());

/** Without the pause that follows each time. */
async function sumUpNow(): Promise<boolean[]> {
  await database.pool.query(`update login_sums set at = at - interval '2 seconds', took = '0'`);
  const done = [];
  for (const kind of SUM_KINDS) done.push(await sumUp(database.pool, kind));
  return done;
}

const dayOf = (daysAgo: number) =>
  new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
const ALL = { from: '2000-01-01', to: dayOf(0) };
const days = () => readDays(database.pool, ALL, 'all');
const shared = (kind: 'devices' | 'ips') => readShared(database.pool, kind, {}, { limit: 10 });

test('logins are summed up by day and value, and distinct values over all days', async () => {
  expect(await summedUpTo(database.pool, 'days')).toBeUndefined();
  await storeLogins(database.pool, [
    { userId: 'anna', maskedDeviceId: 'd1', maskedIp: 'i1', daysAgo: 3 },
    { userId: 'anna', maskedDeviceId: 'd1', maskedIp: 'i1', locale: null },
    { userId: 'ben', maskedDeviceId: 'd1', maskedIp: 'i1', deviceType: 'ios' },
    { userId: 'ben', maskedDeviceId: 'd2', maskedIp: 'i1', deviceType: 'ios' },
  ]);
  expect(await sumUpNow()).toEqual([true, true, true]);
  expect(await days()).toEqual([
    { day: dayOf(3), value: null, logins: 1, users: 1 },
    { day: dayOf(0), value: null, logins: 3, users: 2 },
  ]);
  expect(await readDays(database.pool, { from: dayOf(0), to: dayOf(0) }, 'device_type')).toEqual([
    { day: dayOf(0), value: 'android', logins: 1, users: 1 },
    { day: dayOf(0), value: 'ios', logins: 2, users: 1 },
  ]);
  expect(await readDays(database.pool, { from: dayOf(0), to: dayOf(0) }, 'locale')).toEqual([
    { day: dayOf(0), value: 'de_DE', logins: 2, users: 1 },
    { day: dayOf(0), value: null, logins: 1, users: 1 },
  ]);
  expect(await readDistinct(database.pool, ALL)).toEqual({
    users: { value: 2, exact: true },
    devices: { value: 2, exact: true },
    ips: { value: 1, exact: true },
  });
  expect(await shared('devices')).toEqual([
    { value: 'd1', shared_by: 2, accounts: 2, logins: 3, first_day: dayOf(3), last_day: dayOf(0) },
  ]);
  expect(await shared('ips')).toMatchObject([
    { value: 'i1', shared_by: 2, accounts: 2, logins: 4 },
  ]);
  expect(await sumUpNow()).toEqual([false, false, false]);
});

test('sums follow re-masked and deleted rows, and partitions that are truncated', async () => {
  await database.pool.query(`update user_logins set masked_device_id = 'd3' where user_id = 'ben'`);
  expect(await sumUpNow()).toEqual([true, true, true]);
  expect(await shared('devices')).toEqual([]);
  await database.pool.query(`delete from user_logins where create_date < '${dayOf(0)}'`);
  await sumUpNow();
  expect(await days()).toMatchObject([{ day: dayOf(0), logins: 3 }]);
  await database.pool.query('truncate user_logins');
  expect(await sumUpNow()).toEqual([true, true, true]);
  expect([await days(), await shared('ips')]).toEqual([[], []]);
});

test('sharing is the same whether it is summed up change by change or from all rows', async () => {
  const { pool } = database;
  await pool.query('truncate user_logins');
  await pool.query('select login_etl_follow_changes()');
  await sumUpNow();
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed % below;
  };
  const masked = (kind: string, number: number) => `${kind}${number}`.padEnd(64, '0');
  const tables = async () =>
    Promise.all(
      ['device_accounts', 'ip_accounts'].map(
        async (table) => (await pool.query(`select * from ${table} order by 1`)).rows,
      ),
    );
  for (let round = 0; round < 12; round += 1) {
    await storeLogins(
      pool,
      Array.from({ length: 6 }, () => ({
        userId: `user-${random(5)}`,
        maskedDeviceId: masked('d', random(8)),
        maskedIp: masked('e', random(8)),
        daysAgo: random(70),
      })),
    );
    const [device, ip, other] = [random(8), random(8), random(8)];
    if (round % 3 === 1) {
      await pool.query('delete from user_logins where masked_device_id = $1 and user_id > $2', [
        masked('d', device),
        'user-2',
      ]);
    }
    if (round % 3 === 2) {
      await pool.query('update user_logins set masked_ip = $1 where masked_ip = $2', [
        masked('e', ip),
        masked('e', other),
      ]);
    }
    expect(await sumUpNow()).toEqual([true, true, true]);
    const changeByChange = await tables();
    await pool.query('truncate device_accounts, ip_accounts');
    await pool.query('select login_etl_sum_up_devices(null), login_etl_sum_up_ips(null)');
    expect(changeByChange).toEqual(await tables());
  }
});

test('what did not change is not summed up again', async () => {
  const { pool } = database;
  await pool.query('update device_accounts set logins = logins + 1000');
  const before = await shared('devices');
  await storeLogins(pool, [{ maskedDeviceId: 'a device of its own' }]);
  await sumUpNow();
  expect(await shared('devices')).toEqual(before);
});

test('several processes that sum up at once take turns, and none waits for a day that has not changed', async () => {
  await database.pool.query('truncate user_logins');
  await storeLogins(database.pool, [{}]);
  await database.pool.query(`update login_sums set at = at - interval '2 seconds', took = '0'`);
  const done = await Promise.all(Array.from({ length: 8 }, () => sumUp(database.pool, 'days')));
  expect(done.filter((each) => each)).toHaveLength(1);
  expect(await days()).toMatchObject([{ logins: 1 }]);
  // Not due yet.
  await storeLogins(database.pool, [{}]);
  await database.pool.query(`update login_sums set at = now(), took = '1 second'`);
  expect(await sumUp(database.pool, 'days')).toBe(false);
});

test('many distinct values are estimated within three standard errors', async () => {
  const users = 20_000;
  await database.pool.query(`
    insert into user_logins
    select 'user-' || n % ${users}, 'ios', 'ip-' || n, 'device-' || n / 2, null, '1', '2001-01-01'::date + n % 40, n::text,
      'key-1', now(), now(), gen_random_uuid(), 1
    from generate_series(1, ${2 * users}) as n`);
  await sumUpNow();
  const {
    users: estimated,
    devices,
    ips,
  } = await readDistinct(database.pool, { from: '2001-01-01', to: '2001-12-31' });
  expect(estimated.exact).toBe(false);
  const error = ({ value }: { value: number }, of: number) => Math.abs(value - of) / of;
  expect(error(estimated, users)).toBeLessThan(3 * STANDARD_ERROR);
  expect(error(devices, users)).toBeLessThan(3 * STANDARD_ERROR);
  expect(error(ips, 2 * users)).toBeLessThan(3 * STANDARD_ERROR);
});

test('lists of what is shared go on after a place', async () => {
  const first = await readShared(database.pool, 'devices', {}, { limit: 3 });
  const last = first[1];
  expect(last).toBeDefined();
  if (!last) return;
  const after = [last.shared_by, last.value] as const;
  const rest = await readShared(database.pool, 'devices', {}, { after, limit: 1 });
  expect(rest).toEqual(first.slice(2));
  expect(
    await readShared(database.pool, 'devices', { since: dayOf(0) }, { limit: 3 }),
  ).toMatchObject([{ value: 'device-0' }]);
});
