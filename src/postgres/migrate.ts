import { readdir, readFile } from 'node:fs/promises';
import type { Pool, PoolClient } from 'pg';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/** Held by whoever migrates, so that two at once take turns. Any constant that nobody else uses. */
const LOCK = 7_236_514_200;

/** Partitions from last month, for what is still on the queue, to a year ahead. */
const MAKE_PARTITIONS = `
  select login_etl_make_partitions(
    (now() at time zone 'utc' - interval '1 month')::date, (now() at time zone 'utc' + interval '12 months')::date
  ) as made`;

export type MigrationResult = { applied: string[]; partitionsMade: number };

/** Applies the numbered migrations that are not there yet, each in a transaction; all of it can be run again. */
export async function migrate(pool: Pool): Promise<MigrationResult> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(`
      create table if not exists login_etl_migrations (
        name       text primary key,
        applied_at timestamptz not null default now()
      )`);
    const applied = [];
    for (const name of await pendingMigrations(client)) {
      await applyMigration(client, name);
      applied.push(name);
    }
    const { rows } = await client.query<{ made: number }>(MAKE_PARTITIONS);
    return { applied, partitionsMade: rows[0]?.made ?? 0 };
  } finally {
    // Closing the session lets go of the lock, whatever happened.
    client.release(true);
  }
}

/** Names of the migrations that the database doesn't have yet, in order. */
export async function pendingMigrations(client: Pool | PoolClient): Promise<string[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();
  const exists = await client.query(
    `select to_regclass('login_etl_migrations') is not null as yes`,
  );
  if (!exists.rows[0]?.yes) return names;
  const { rows } = await client.query<{ name: string }>('select name from login_etl_migrations');
  const done = new Set(rows.map((row) => row.name));
  return names.filter((name) => !done.has(name));
}

async function applyMigration(client: PoolClient, name: string): Promise<void> {
  const sql = await readFile(new URL(name, MIGRATIONS), 'utf8');
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query('insert into login_etl_migrations (name) values ($1)', [name]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
