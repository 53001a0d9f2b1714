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

/** What the tables are handed over to, where that is possible: see 0006_roles.sql. */
const MIGRATOR = 'login_etl_migrator';

const OWNER = `
  select pg_get_userbyid(relowner) as owner from pg_class where oid = to_regclass('user_logins')`;

/** The role's own `$user` schema must not come before the one that the tables are in. */
const KEEP_SCHEMA = `
  select set_config('search_path', string_agg(quote_ident(name), ', ' order by place), false)
  from unnest(current_schemas(false)) with ordinality as schemas (name, place)`;

export type MigrationResult = {
  applied: string[];
  partitionsMade: number;
  /** The role that the tables belong to. */
  owner: string;
};

/** Applies the numbered migrations that are not there yet, each in a transaction; all of it can be run again. */
export async function migrate(pool: Pool): Promise<MigrationResult> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(KEEP_SCHEMA);
    await client.query(`
      create table if not exists login_etl_migrations (
        name       text primary key,
        applied_at timestamptz not null default now()
      )`);
    const applied = [];
    for (const name of await pendingMigrations(client)) {
      await goOnAsMigrator(client);
      await applyMigration(client, name);
      applied.push(name);
    }
    const owner = await goOnAsMigrator(client);
    const { rows } = await client.query<{ made: number }>(MAKE_PARTITIONS);
    return { applied, partitionsMade: rows[0]?.made ?? 0, owner };
  } finally {
    // Closing the session lets go of the lock, whatever happened.
    client.release(true);
  }
}

/** What is made from here on belongs to the role that has the rest. @returns the tables' owner */
async function goOnAsMigrator(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ owner: string }>(OWNER);
  const owner = rows[0]?.owner ?? '';
  if (owner === MIGRATOR) await client.query(`set role ${MIGRATOR}`);
  return owner;
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
