import type { Pool, PoolClient, QueryConfig } from 'pg';
import { Problem } from '../../errors/problem.ts';
import { changeSchema, LOCK_NOT_AVAILABLE } from '../change-schema.ts';
import { hasOwnProcess } from '../has-own-process.ts';

/** How long a build waits for transactions that began before it. It holds up nobody meanwhile. */
const WAIT_MS = 60_000;
/** The driver cannot do without a timeout. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The first index of user_logins that a partition lacks, of the newest partition. If it exists but is not attached, it
 * remains from an interrupted build.
 */
const MISSING = `
  select format('%I.%I', nspname, partition.relname) as partition, format('%I.%I', nspname, name) as index,
    quote_ident(name) as name, parent.indexrelid::regclass::text as parent,
    substring(pg_get_indexdef(parent.indexrelid) from ' USING .*') as definition,
    (
      select indisvalid from pg_index as own join pg_class on pg_class.oid = own.indexrelid
      where own.indrelid = partition.oid and relname = name
    ) as "isValid",
    (count(*) over (partition by partition.oid))::int as "ofPartition"
  from pg_index as parent
  join pg_class as parent_class on parent_class.oid = parent.indexrelid
  join pg_inherits on inhparent = parent.indrelid
  join pg_class as partition on partition.oid = inhrelid and partition.relkind = 'r'
  join pg_namespace on pg_namespace.oid = partition.relnamespace
  cross join lateral cast(partition.relname || substr(parent_class.relname, length('user_logins') + 1) as name) as name
  where parent.indrelid = to_regclass('user_logins') and not exists (
    select from pg_inherits as attached join pg_index as own on own.indexrelid = attached.inhrelid
    where attached.inhparent = parent.indexrelid and own.indrelid = partition.oid
  )
  order by partition.relname desc, parent_class.relname limit 1`;

type Missing = {
  partition: string;
  index: string;
  name: string;
  parent: string;
  definition: string;
  isValid: boolean | null;
  /** How many indexes the partition lacks. */
  ofPartition: number;
};

/**
 * Only one session builds at a time. A build waits for all sessions with a snapshot. The session that holds this lock has
 * none, but one that waits for it would, so it retries instead of waiting.
 */
const TAKE_TURN = `
  lock table login_etl_index_lock in share row exclusive mode nowait;
  set local idle_in_transaction_session_timeout = 0`;

/**
 * Builds the indexes that partitions lack, one at a time and concurrently, so that inserts go on. It can be interrupted
 * anywhere and run again.
 * @returns how many were built
 * @throws Problem when another transaction stays open for longer than `waitMs`
 */
export async function completeIndexes(
  pool: Pool,
  becomeOwner: (client: PoolClient) => Promise<void>,
  waitMs = WAIT_MS,
): Promise<number> {
  if (!(await findMissing(pool))) return 0;
  return takeTurn(pool, becomeOwner, async () => {
    let built = 0;
    for (;;) {
      const missing = await findMissing(pool);
      if (!missing) return built;
      if (await build(pool, missing, waitMs)) built += 1;
      await changeSchema(pool, async (client) => {
        await becomeOwner(client);
        await client.query(`alter index ${missing.parent} attach partition ${missing.index}`);
      });
      // Without statistics of the indexed expressions the planner misjudges how many rows a value has.
      if (missing.ofPartition === 1) await pool.query(`analyze ${missing.partition}`);
    }
  });
}

const takeTurn = (
  pool: Pool,
  becomeOwner: (client: PoolClient) => Promise<void>,
  act: () => Promise<number>,
): Promise<number> =>
  changeSchema(
    pool,
    async (client) => {
      await becomeOwner(client);
      await client.query(TAKE_TURN);
      return act();
    },
    Number.POSITIVE_INFINITY,
  );

const findMissing = async (pool: Pool): Promise<Missing | undefined> =>
  (await pool.query<Missing>(MISSING)).rows[0];

/** @returns false when an interrupted run had finished the index */
async function build(
  pool: Pool,
  { name, index, partition, definition, isValid }: Missing,
  waitMs: number,
): Promise<boolean> {
  if (isValid) return false;
  const client = await pool.connect();
  const ignore = () => undefined;
  client.on('error', ignore);
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    // Behind a pooler, settings of the session would reach other clients, and its own defaults apply here.
    if (hasOwnProcess(client, rows[0]?.pid)) {
      await client.query(
        `set lock_timeout = ${waitMs}; set statement_timeout = 0; set maintenance_work_mem = '256MB'`,
      );
    }
    const run = (text: string) =>
      client.query({ text, query_timeout: NO_TIMEOUT_MS } as QueryConfig);
    if (isValid === false) await run(`drop index concurrently if exists ${index}`);
    await run(`create index concurrently ${name} on ${partition}${definition}`);
    return true;
  } catch (error) {
    const isLock = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
    throw isLock ? await notBuilt(pool, index, waitMs) : error;
  } finally {
    client.off('error', ignore);
    client.release(true);
  }
}

/** The session whose transaction has been open for longest, as far as this role may see it. */
const FIND_HOLDER = `
  select pid from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and coalesce(backend_xmin, backend_xid) is not null
  order by xact_start nulls first limit 1`;

async function notBuilt(pool: Pool, index: string, waitMs: number): Promise<Problem> {
  const { rows } = await pool.query<{ pid: number }>(FIND_HOLDER);
  const holder = rows[0] ? `session ${rows[0].pid}` : 'another session';
  return new Problem(
    `index ${index} was not built`,
    `${holder} has kept a transaction open for more than ${waitMs / 1_000} s, and a build waits for those that began before it`,
    `Let it finish, or end it${rows[0] ? ` (select pg_terminate_backend(${rows[0].pid}))` : ''}, then migrate again: it goes on from here.`,
  );
}
