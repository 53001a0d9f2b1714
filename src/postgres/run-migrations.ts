import { readdir, readFile } from 'node:fs/promises';
import type { Pool, PoolClient } from 'pg';
import { Problem } from '../errors/problem.ts';
import { changeSchema } from './change-schema.ts';
import { completeIndexes } from './partitions/complete-indexes.ts';
import { MONTHS_WITHOUT_PARTITION } from './partitions/make-months.ts';
import { refuseOtherEncoding } from './refuse-other-encoding.ts';
import { type BrokenConstraint, validateConstraints } from './validate-constraints.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

const MAKE_PARTITION = 'select login_etl_make_partitions($1::date, $1::date) as made';

/** What the tables are handed over to, where that is possible: see 0006_roles.sql. */
const MIGRATOR = 'login_etl_migrator';

const OWNER = `
  select pg_get_userbyid(relowner) as owner from pg_class where oid = to_regclass('user_logins')`;

const MAKE_LIST = `
  create table login_etl_migrations (
    name       text primary key,
    applied_at timestamptz not null default now()
  )`;

/** Held until the commit, to serialize concurrent migrations. */
const LOCK_LIST = 'lock table login_etl_migrations in share row exclusive mode';

export type MigrationResult = {
  applied: string[];
  partitionsMade: number;
  /** Of partitions that were made before their table had the index. */
  indexesBuilt: number;
  /** They hold for new rows only. */
  brokenConstraints: BrokenConstraint[];
  /** The role that the tables belong to. */
  owner: string;
};

/** Applies the numbered migrations that are not there yet, each in a transaction; all of it can be run again. */
export async function migrate(pool: Pool): Promise<MigrationResult> {
  await refuseOtherEncoding(pool);
  if (await hasForeignTable(pool)) {
    throw new Problem(
      'no migration was applied',
      'a table user_logins is already there, which login-etl did not create',
      'Run `login-etl migrate --adopt --dry-run`, which shows what `login-etl migrate --adopt` would do with it.',
    );
  }
  await makeList(pool);
  const applied = [];
  for (;;) {
    const name = await changeSchema(pool, applyNext);
    if (name === undefined) break;
    applied.push(name);
  }
  const { rows: months } = await pool.query<{ month: string }>(MONTHS_WITHOUT_PARTITION);
  let partitionsMade = 0;
  for (const { month } of months) {
    partitionsMade += await changeSchema(pool, async (client) => {
      await client.query(LOCK_LIST);
      await goOnAsMigrator(client);
      const { rows } = await client.query<{ made: number }>(MAKE_PARTITION, [month]);
      return rows[0]?.made ?? 0;
    });
  }
  return {
    applied,
    partitionsMade,
    indexesBuilt: await completeIndexes(pool, goOnAsMigrator),
    brokenConstraints: await validateConstraints(pool, goOnAsMigrator),
    owner: (await pool.query<{ owner: string }>(OWNER)).rows[0]?.owner ?? '',
  };
}

/** Whether there is a user_logins that no migration created. */
export async function hasForeignTable(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ yes: boolean }>(
    `select to_regclass('user_logins') is not null as yes`,
  );
  if (!rows[0]?.yes) return false;
  const [first] = await migrationFiles();
  return (await pendingMigrations(pool)).some((name) => name === first);
}

/** The names of all tables and views that migrations create. */
export async function createdRelations(): Promise<string[]> {
  const names = [];
  for (const file of await migrationFiles()) {
    const text = await readFile(new URL(file, MIGRATIONS), 'utf8');
    names.push(
      ...[...text.matchAll(/^create (?:table|view) (\w+)/gm)].map(([, name = '']) => name),
    );
  }
  return names;
}

const migrationFiles = async (): Promise<string[]> =>
  (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort();

/** The codes of whoever creates a table at the same moment as another. */
const WAS_QUICKER: readonly unknown[] = ['42P07', '42710', '23505'];

async function makeList(pool: Pool): Promise<void> {
  if (await hasList(pool)) return;
  try {
    await changeSchema(pool, async (client) => {
      await goOnAsMigrator(client);
      await client.query(MAKE_LIST);
    });
  } catch (error) {
    if (!WAS_QUICKER.includes((error as { code?: unknown }).code)) throw error;
  }
}

/** @returns the name of the migration that it has applied */
async function applyNext(client: PoolClient): Promise<string | undefined> {
  await client.query(LOCK_LIST);
  // Whoever had the lock before may have handed the tables over.
  await goOnAsMigrator(client);
  const [name] = await pendingMigrations(client);
  if (name === undefined) return undefined;
  await client.query(await readFile(new URL(name, MIGRATIONS), 'utf8'));
  await client.query('insert into login_etl_migrations (name) values ($1)', [name]);
  return name;
}

/** What is made from here on, in this transaction, belongs to the role that has the rest. */
async function goOnAsMigrator(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(OWNER);
  if (rows[0]?.owner === MIGRATOR) await client.query(`set local role ${MIGRATOR}`);
}

/** Names of the migrations that the database doesn't have yet, in order. */
export async function pendingMigrations(client: Pool | PoolClient): Promise<string[]> {
  const names = await migrationFiles();
  if (!(await hasList(client))) return names;
  const { rows } = await client.query<{ name: string }>('select name from login_etl_migrations');
  const done = new Set(rows.map((row) => row.name));
  return names.filter((name) => !done.has(name));
}

async function hasList(client: Pool | PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>(
    `select to_regclass('login_etl_migrations') is not null as yes`,
  );
  return rows[0]?.yes ?? false;
}
