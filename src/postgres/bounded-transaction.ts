import type { Pool, PoolClient } from 'pg';
import { isRaised } from '../errors/blame.ts';
import { Problem } from '../errors/problem.ts';
import { LOCK_NOT_AVAILABLE } from './change-schema.ts';
import { inTransaction } from './in-transaction.ts';

/** How long a transaction waits for a lock that another session holds. */
export const LOCK_WAIT_MS = 5_000;
const FIND_HOLDER_INTERVAL_MS = 1_000;

// Constraints are checked with their statement, so that none fails at the commit, where no row can be blamed.
const BEGIN = [
  'begin isolation level read committed',
  `set local lock_timeout = ${LOCK_WAIT_MS}`,
  'set constraints all immediate',
].join('; ');

/**
 * Earlier waiters count as blocking, too, so sessions that do not wait come first. Any session may run this; for other
 * users' sessions Postgres shows process, user and program.
 */
const FIND_HOLDER = `
  select pid, usename as user, application_name as program, round(extract(epoch from now() - xact_start))::int as seconds
  from pg_stat_activity
  where pid = any(pg_blocking_pids($1)) order by cardinality(pg_blocking_pids(pid)) limit 1`;

type Holder = {
  pid: number;
  user: string | null;
  program: string | null;
  /** The age of its transaction, where the role may see it (pg_read_all_stats). */
  seconds: number | null;
};

/** Another session held a lock for longer than LOCK_WAIT_MS. */
export class LockedOut extends Problem {
  override name = 'LockedOut';
  constructor(holder: Holder | undefined) {
    super(
      'the transaction was rolled back',
      `${describe(holder)} has held a lock for more than ${LOCK_WAIT_MS / 1_000} s`,
      holder
        ? `Let it finish, or end it (select pg_terminate_backend(${holder.pid})), then try again.`
        : 'Try again; find the session in pg_locks if it stays.',
    );
  }
}

const describe = (holder: Holder | undefined): string =>
  holder
    ? `session ${holder.pid} (user ${printable(holder.user)}, program ${printable(holder.program)}${
        holder.seconds === null ? '' : `, in a transaction for ${holder.seconds} s`
      })`
    : 'another session';

/** Any session may set any application name. */
const printable = (name: string | null): string =>
  name?.replace(/\P{ASCII}|\p{C}/gu, '') || 'unknown';

/**
 * Runs a transaction that may wait for locks: an insert, or one that writes the audit log or changes the vault. It is
 * read committed, so that it sees what other transactions committed in the meantime.
 * @param lock the first statement, such as one that takes a lock
 * @throws LockedOut after waiting for LOCK_WAIT_MS
 */
export async function boundedTransaction<T>(
  pool: Pool,
  lock: string | undefined,
  act: (client: PoolClient) => Promise<T>,
): Promise<T> {
  let holder: Holder | undefined;
  let watch: NodeJS.Timeout | undefined;
  try {
    return await inTransaction(pool, BEGIN, async (client, serverProcess) => {
      watch = setInterval(() => {
        findHolder(pool, serverProcess)
          .then((found) => (holder = found ?? holder))
          .catch(() => undefined);
      }, FIND_HOLDER_INTERVAL_MS);
      if (lock) await client.query(lock);
      return await act(client);
    });
  } catch (error) {
    const isLock = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE && !isRaised(error);
    throw isLock ? new LockedOut(holder) : error;
  } finally {
    clearInterval(watch);
  }
}

async function findHolder(pool: Pool, pid: number): Promise<Holder | undefined> {
  return (await pool.query<Holder>(FIND_HOLDER, [pid])).rows[0];
}
