import { randomBytes } from 'node:crypto';
import pg, { type Pool } from 'pg';
import { migrate } from '../../src/postgres/migrate.ts';
import { postgresPool } from '../../src/postgres/pool.ts';

export type TestDatabase = {
  url: string;
  pool: Pool;
  /** Ends the pool and drops the database. */
  remove(): Promise<void>;
};

/** A database of its own in a Postgres that runs. */
export async function newDatabase({
  serverUrl,
  migrated = true,
}: {
  serverUrl: string;
  migrated?: boolean;
}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(serverUrl, `create database ${name}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const pool = postgresPool({ connectionString: url }, { applicationName: 'test' });
  const remove = async () => {
    await pool.end();
    await administer(serverUrl, `drop database ${name} with (force)`);
  };
  try {
    if (migrated) await migrate(pool);
  } catch (error) {
    await remove();
    throw error;
  }
  return { url, pool, remove };
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
