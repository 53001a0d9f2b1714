import { createDatabaseUsers } from '../src/local/postgres/database-users.ts';
import { withPostgresClient } from '../src/local/postgres/postgres-connection.ts';
import type { PostgresServer } from '../src/local/postgres/postgres-server.ts';
import { postgresPool } from '../src/postgres/pool.ts';
import { migrate } from '../src/postgres/run-migrations.ts';

/** A contestant's table: none, that of the old scripts, or the job's own with all columns and the key. */
export type TableKind = 'none' | 'seven columns' | 'user_logins';

const SEVEN_COLUMNS = `
  create table user_logins (
    user_id varchar(128), device_type varchar(32), masked_ip varchar(256), masked_device_id varchar(256),
    locale varchar(32), app_version varchar(32), create_date date
  )`;

/** Creates a database for a contestant and round. @returns its URL for us, and for the contestant */
export async function createBenchDatabase(
  postgres: PostgresServer,
  name: string,
  table: TableKind,
): Promise<{ adminUrl: string; databaseUrl: string }> {
  const adminUrl = await postgres.createDatabase(name);
  if (table === 'seven columns') {
    await withPostgresClient(adminUrl, (client) => client.query(SEVEN_COLUMNS));
  }
  if (table === 'user_logins') {
    const settings = { connectionString: adminUrl };
    const pool = postgresPool(settings, { applicationName: 'login-etl bench' });
    await migrate(pool);
    await pool.end();
    // As in production, so that the measurement includes privilege checks.
    return { adminUrl, databaseUrl: (await createDatabaseUsers(adminUrl)).worker };
  }
  return { adminUrl, databaseUrl: adminUrl };
}

/** Runs a checkpoint, so that no contestant pays for the dirty pages of another. */
export async function checkpoint(postgres: PostgresServer): Promise<void> {
  await withPostgresClient(postgres.url, (client) => client.query('checkpoint'));
}

export async function dropBenchDatabase(postgres: PostgresServer, name: string): Promise<void> {
  await withPostgresClient(postgres.url, (client) =>
    client.query(`drop database ${client.escapeIdentifier(name)} with (force)`),
  );
}

/** The server's version and the settings that make a commit durable. */
export async function postgresFacts(postgres: PostgresServer): Promise<string> {
  return withPostgresClient(postgres.url, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings
       where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes')
       order by name <> 'server_version', name`,
    );
    return rows.map(({ name, setting }) => `${name} ${setting}`).join(', ');
  });
}
