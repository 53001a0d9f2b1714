import { hkdfSync } from 'node:crypto';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { withPostgresClient } from './postgres-connection.ts';

/** The database users, each with its role from the migrations. */
const ROLES = {
  owner: 'login_etl_migrator',
  worker: 'login_etl_worker',
  analyst: 'login_etl_analyst',
  custodian: 'login_etl_custodian',
  reader: 'login_etl_reader',
} as const;

export type DatabaseUser = keyof typeof ROLES;
export type DatabaseUrls = Readonly<Record<DatabaseUser, string>>;

/**
 * Creates a user for each role in a migrated database; existing users stay. Passwords are derived from the
 * administrator's, so they are random but the same at each start, and need no file.
 * @param adminUrl the URL of a superuser, including the password
 */
export async function createDatabaseUsers(
  adminUrl: string,
  { prefix = 'etl' }: { prefix?: string } = {},
): Promise<DatabaseUrls> {
  const users = Object.entries(ROLES).map(([user, role]) => {
    const name = `${prefix}_${user}`;
    return { user, role, name, password: passwordOf(name, adminUrl) };
  });
  await withPostgresClient(adminUrl, async (client) => {
    for (const user of users) await createUser(client, user);
  });
  return Object.fromEntries(
    users.map(({ user, name, password }) => [
      user,
      Object.assign(new URL(adminUrl), { username: name, password }).href,
    ]),
  ) as DatabaseUrls;
}

export const databaseUserNames = (prefix: string): string[] =>
  Object.keys(ROLES).map((user) => `${prefix}_${user}`);

function passwordOf(name: string, adminUrl: string): string {
  const secret = new URL(adminUrl).password;
  return Buffer.from(hkdfSync('sha256', secret, '', `login-etl ${name}`, 24)).toString('base64url');
}

async function createUser(
  client: Client,
  { name, role, password }: { name: string; role: string; password: string },
): Promise<void> {
  const known = await client.query('select from pg_roles where rolname = $1', [name]);
  const user = escapeIdentifier(name);
  if (known.rowCount === 0) await client.query(`create role ${user}`);
  await client.query(`alter role ${user} login password ${escapeLiteral(password)}`);
  await client.query(`grant ${role} to ${user}`);
}
