import { expect, inject, onTestFinished, test } from 'vitest';
import { inTransaction } from '../../src/postgres/in-transaction.ts';
import { postgresPool } from '../../src/postgres/pool.ts';

function openPool(onIdleError?: () => void) {
  const pool = postgresPool(
    { connectionString: inject('postgresUrl'), max: 1 },
    { applicationName: 'pool test', ...(onIdleError && { onIdleError }) },
  );
  onTestFinished(() => pool.end());
  return pool;
}

const pidOf = async (pool: ReturnType<typeof openPool>): Promise<number> => {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
};

test('an idle connection that is lost is reported and replaced', async () => {
  let lost = 0;
  const pool = openPool(() => {
    lost += 1;
  });
  const other = openPool();
  const pid = await pidOf(pool);
  await other.query('select pg_terminate_backend($1)', [pid]);
  await expect.poll(() => lost).toBe(1);
  expect(await pidOf(pool)).not.toBe(pid);
});

test('its connections are seen by their name in pg_stat_activity', async () => {
  const { rows } = await openPool().query('show application_name');
  expect(rows).toEqual([{ application_name: 'pool test' }]);
});

test('a transaction that fails leaves nothing, and its connection is not used again', async () => {
  const pool = openPool();
  const pid = await pidOf(pool);
  const failing = inTransaction(pool, 'begin', async (client) => {
    await client.query('create table left_behind ()');
    throw new Error('in the middle');
  });
  await expect(failing).rejects.toThrow('in the middle');
  expect((await pool.query(`select to_regclass('left_behind') as table`)).rows).toEqual([
    { table: null },
  ]);
  expect(await pidOf(pool)).not.toBe(pid);
});

test('a transaction that succeeds is committed, and its connection used again', async () => {
  const pool = openPool();
  const pid = await pidOf(pool);
  const name = `kept_${process.pid}`;
  expect(
    await inTransaction(pool, 'begin', async (client) => {
      await client.query(`create table ${name} ()`);
      return 'result';
    }),
  ).toBe('result');
  await pool.query(`drop table ${name}`);
  expect(await pidOf(pool)).toBe(pid);
});

test('a connection that is cut in the middle of a transaction is an error, not the end of the process', async () => {
  const pool = openPool();
  const other = openPool();
  const cut = inTransaction(pool, 'begin', async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect
      .poll(
        async () =>
          (await other.query('select from pg_stat_activity where pid = $1', [rows[0]?.pid]))
            .rowCount,
      )
      .toBe(0);
    await client.query('select 1');
  });
  await expect(cut).rejects.toThrow();
  expect(await pidOf(pool)).toBeGreaterThan(0);
});
