import type { PoolClient, QueryResult } from 'pg';

/**
 * A message id is in one row over both tables, also when two workers disagree about a message. Each transaction
 * looks into the other table first; a batch with quarantined messages locks out the others meanwhile, the rest
 * share the lock. It is on a table, since that wants a privilege: any login may take an advisory lock.
 */
const LOCK = {
  shared: 'lock table login_etl_insert_lock in row exclusive mode',
  alone: 'lock table login_etl_insert_lock in share row exclusive mode',
} as const;

// Until the release after 0.4.0: workers of 0.3.0, which may still run during an upgrade, have only this lock.
const OLD_LOCK = 7_236_514_201n;
const TRY_OLD_LOCK = {
  shared: `select pg_try_advisory_xact_lock_shared(${OLD_LOCK}) as free`,
  alone: `select pg_try_advisory_xact_lock(${OLD_LOCK}) as free`,
} as const;
const WAIT_FOR_OLD_LOCK = {
  shared: `select pg_advisory_xact_lock_shared(${OLD_LOCK})`,
  alone: `select pg_advisory_xact_lock(${OLD_LOCK})`,
} as const;

/** Whether a worker holds it. Any login can, and is not waited for then. */
const OLD_WORKER_HOLDS_IT = `
  select exists (
    select from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and objsubid = 1
      and classid = ${OLD_LOCK >> 32n} and objid = ${OLD_LOCK & 0xffff_ffffn}
      and database = (select oid from pg_database where datname = current_database())
      and pg_has_role(usesysid, 'login_etl_worker', 'member')
  ) as held`;

/** Takes the lock until the transaction ends. The caller bounds how long it waits. */
export async function lockInserts(client: PoolClient, mode: 'shared' | 'alone'): Promise<void> {
  const results = (await client.query(`${LOCK[mode]}; ${TRY_OLD_LOCK[mode]}`)) as unknown as [
    QueryResult,
    QueryResult<{ free: boolean }>,
  ];
  if (results[1].rows[0]?.free) return;
  const { rows } = await client.query<{ held: boolean }>(OLD_WORKER_HOLDS_IT);
  if (rows[0]?.held) await client.query(WAIT_FOR_OLD_LOCK[mode]);
}
