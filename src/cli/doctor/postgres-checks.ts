import pg, { type Pool, type PoolConfig } from 'pg';
import { monthsAhead } from '../../domain/tables/tables-state.ts';
import { classifyError } from '../../errors/classify-error.ts';
import { PostgresTlsError } from '../../errors/postgres-tls-error.ts';
import { Problem } from '../../errors/problem.ts';
import { tryInsert } from '../../postgres/ingest/try-insert.ts';
import { readTables } from '../../postgres/partitions/read-tables.ts';
import { postgresPool } from '../../postgres/pool.ts';
import { pendingMigrations } from '../../postgres/run-migrations.ts';
import { REACH_TIMEOUT_MS } from '../connect/answer-within.ts';
import { type CheckList, type Finding, failed, ok, warning } from './check.ts';
import { notConfigured } from './configuration-checks.ts';

const POSTGRES = 'Postgres';
const MIGRATIONS = 'migrations';
const PRIVILEGES = 'privileges';
const MIN_VERSION = 130_000;
const READ_ONLY = '25006';
const MAINTAIN =
  'Create the schedule of the maintenance with `login-etl schedule create`, or trigger it: docs/postgres.md, "Partitions".';
const USE_THE_PRIMARY =
  'Name the primary in DATABASE_URL, or all hosts with `?target_session_attrs=read-write`.';

/** What a run does with each table. It looks for the message's id before it inserts one. */
const NEEDED = `
  select needed.name || ' (' || needed.privilege || ')' as missing
  from (values
    ('user_logins', 'INSERT'), ('user_logins', 'SELECT'),
    ('quarantine', 'INSERT'), ('quarantine', 'SELECT'),
    ('vault', 'INSERT'), ('vault_data_keys', 'INSERT'),
    ('ingest_runs', 'INSERT'), ('ingest_runs', 'UPDATE')
  ) as needed (name, privilege)
  where not has_any_column_privilege(needed.name, needed.privilege)`;

export function postgresChecks(settings: PoolConfig | undefined): CheckList & { pool?: Pool } {
  if (!settings) return { checks: [{ name: POSTGRES, run: notConfigured }] };
  const pool = postgresPool(
    { ...settings, connectionTimeoutMillis: REACH_TIMEOUT_MS },
    { applicationName: 'login-etl doctor' },
  );
  const explain = (error: unknown) => {
    if (error instanceof PostgresTlsError || error instanceof Problem)
      return { detail: error.why, whatToDo: error.whatToDo };
    const { code, policy } = classifyError(error);
    // The driver's own errors, of connecting and of time running out, have no code.
    const detail = code === 'Error' ? 'no connection can be made' : `${policy.advice} (${code})`;
    return { detail, whatToDo: 'Check DATABASE_URL (or PGHOST, …).' };
  };
  return {
    pool,
    checks: [
      { name: POSTGRES, run: () => version(pool), explain },
      { name: MIGRATIONS, needs: POSTGRES, run: () => migrations(pool), explain },
      { name: PRIVILEGES, needs: MIGRATIONS, run: () => privileges(pool), explain },
      { name: 'partitions', needs: PRIVILEGES, run: () => partitions(pool), explain },
      { name: 'storing', needs: PRIVILEGES, run: () => storing(pool), explain: explainStoring },
    ],
    close: () => pool.end(),
  };
}

async function version(pool: Pool): Promise<Finding> {
  const { rows } = await pool.query<{
    number: number;
    version: string;
    role: string;
    standby: boolean;
  }>(
    `select current_setting('server_version_num')::integer as number,
       current_setting('server_version') as version, current_user as role, pg_is_in_recovery() as standby`,
  );
  const [row] = rows;
  if (!row || row.number < MIN_VERSION) {
    return failed(`version ${row?.version} is too old`, 'Use Postgres 13 or newer.');
  }
  if (row.standby) {
    return failed('the server is a standby, which is read-only', USE_THE_PRIMARY);
  }
  return ok(`version ${row.version}, as ${row.role}`);
}

async function migrations(pool: Pool): Promise<Finding> {
  const pending = await pendingMigrations(pool);
  return pending.length === 0
    ? ok('all are applied')
    : failed(`${pending.length} are not applied`, 'Run `login-etl migrate`.');
}

async function privileges(pool: Pool): Promise<Finding> {
  const { rows } = await pool.query<{ missing: string }>(NEEDED);
  return rows.length === 0
    ? ok('the role may store rows')
    : failed(
        `the role lacks ${rows.map(({ missing }) => missing).join(', ')}`,
        'Grant login_etl_worker to the user in DATABASE_URL, or name another.',
      );
}

/** Without a partition the default one takes the rows, and the maintenance moves them later. */
async function partitions(pool: Pool): Promise<Finding> {
  const state = await readTables(pool);
  const ahead = monthsAhead(state, new Date());
  if (state.defaultRows > 0) {
    return warning(`${state.defaultRows} row(s) are in the default partition`, MAINTAIN);
  }
  return ahead > 0
    ? ok(`${ahead} months ahead`)
    : warning('the next month has no partition', MAINTAIN);
}

async function storing(pool: Pool): Promise<Finding> {
  await tryInsert(pool);
  return ok(
    'a login, its originals and a quarantined message can be stored (tried and rolled back)',
  );
}

function explainStoring(error: unknown): { detail: string; whatToDo: string } {
  const { code, policy } = classifyError(error);
  const constraint = error instanceof pg.DatabaseError && error.constraint;
  const where = [code, ...(constraint ? [constraint] : [])].join(', ');
  return {
    detail: `a run could not store its rows: ${policy.advice} (${where})`,
    whatToDo:
      code === READ_ONLY
        ? `Reset default_transaction_read_only of the server, database and role. ${USE_THE_PRIMARY}`
        : 'Repair the table: see docs/postgres.md.',
  };
}
