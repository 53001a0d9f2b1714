import { randomBytes } from 'node:crypto';
import pg, { type Pool } from 'pg';
import {
  createDatabaseUsers,
  type DatabaseUrls,
  databaseUserNames,
} from '../../../src/local/postgres/database-users.ts';
import { postgresPool } from '../../../src/postgres/pool.ts';
import { migrate } from '../../../src/postgres/run-migrations.ts';

export type TestDatabase = {
  /** Of the superuser; the pool's too. */
  url: string;
  /** Of users with one role each. Empty when the database is not migrated. */
  urls: DatabaseUrls;
  pool: Pool;
  /** Ends the pool and drops the database. */
  remove(): Promise<void>;
};

/** Creates a database in a running Postgres. */
export async function newDatabase({
  serverUrl,
  template,
  migrated = true,
}: {
  serverUrl: string;
  /** A migrated database of this server, to copy (see `createTemplate`). */
  template?: string | undefined;
  migrated?: boolean;
}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(
    serverUrl,
    template ? `create database ${name} template ${template}` : `create database ${name}`,
  );
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const pool = postgresPool({ connectionString: url }, { applicationName: 'test' });
  const remove = async () => {
    await pool.end();
    await administer(serverUrl, `drop database ${name} with (force)`);
    await administer(serverUrl, `drop role if exists ${databaseUserNames(name).join(', ')}`);
  };
  try {
    // As docs/security.md says: Postgres 13 and 14 let every user create tables there.
    await pool.query('revoke create on schema public from public');
    if (migrated && !template) await migrate(pool);
    const urls = migrated ? await createDatabaseUsers(url, { prefix: name }) : NO_USERS;
    return { url, urls, pool, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

const TEMPLATE = 'migrated_template';

/** Creates a migrated database: copying it takes a tenth of the migrations' time. @returns its name */
export async function createTemplate(serverUrl: string): Promise<string> {
  // A server that was not started for this run may have that of an earlier one.
  await administer(serverUrl, `drop database if exists ${TEMPLATE}`);
  await administer(serverUrl, `create database ${TEMPLATE}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${TEMPLATE}` }).href;
  const pool = postgresPool({ connectionString: url }, { applicationName: 'test' });
  try {
    await migrate(pool);
  } finally {
    await pool.end();
  }
  return TEMPLATE;
}

const NO_USERS: DatabaseUrls = { owner: '', worker: '', analyst: '', custodian: '', reader: '' };

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
