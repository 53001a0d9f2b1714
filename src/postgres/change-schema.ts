import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { Problem } from '../errors/problem.ts';
import { inTransaction } from './in-transaction.ts';

/** Short, since inserts queue behind a change that waits for its lock. The change is retried. */
const LOCK_WAIT_MS = 300;
const PATIENCE_MS = 60_000;
const BEGIN = `begin isolation level read committed; set local lock_timeout = ${LOCK_WAIT_MS}`;

export const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';

/** Finds the oldest transaction that locked one of our tables. The start of other users' transactions is not visible. */
const FIND_HOLDER = `
  select pid, coalesce(usename, '') as user, coalesce(application_name, '') as program
  from pg_locks join pg_stat_activity using (pid)
  where locktype = 'relation' and granted and pid <> pg_backend_pid()
    and database = (select oid from pg_database where datname = current_database())
    and (relation = to_regclass('login_etl_migrations') or relation = to_regclass('user_logins') or relation in (
      select inhrelid from pg_inherits where inhparent = to_regclass('user_logins')
    ))
  order by xact_start nulls first limit 1`;

type Holder = { pid: number; user: string; program: string };

/**
 * Runs a schema change in its own transaction, and retries until it gets its locks.
 * @throws Problem after a minute, naming the session that holds a lock
 */
export async function changeSchema<T>(
  pool: Pool,
  act: (client: PoolClient) => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    try {
      return await inTransaction(pool, BEGIN, act);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== LOCK_NOT_AVAILABLE && code !== DEADLOCK) throw error;
      if (Date.now() > deadline) throw code === LOCK_NOT_AVAILABLE ? await inTheWay(pool) : error;
      await delay(200 + Math.random() * 800);
    }
  }
}

async function inTheWay(pool: Pool): Promise<Problem> {
  const { rows } = await pool.query<Holder>(FIND_HOLDER);
  const [holder] = rows;
  // Any session may set any application name.
  const printable = (name: string) => name.replace(/\P{ASCII}|\p{C}/gu, '') || 'unknown';
  return new Problem(
    'the tables were not changed',
    holder
      ? `session ${holder.pid} (user ${printable(holder.user)}, program ${printable(holder.program)}) has kept a lock on them`
      : 'another session has kept a lock on them',
    `Let it finish, or end it${holder ? ` (select pg_terminate_backend(${holder.pid}))` : ''}, then run this again.`,
  );
}
