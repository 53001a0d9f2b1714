import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withPostgresClient } from '../../src/local/postgres/postgres-connection.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { type MigrationResult, migrate } from '../../src/postgres/run-migrations.ts';
import { startTestPostgres, type TestPostgres } from '../support/servers/test-postgres.ts';

const ROLES = [
  'login_etl_migrator',
  'login_etl_worker',
  'login_etl_analyst',
  'login_etl_custodian',
  'login_etl_reader',
];
const DATABASES = ['one', 'two', 'three'];

/** A server of its own: roles belong to the whole server, and here they are missing. */
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres?.remove());

async function administer(...statements: string[]): Promise<void> {
  await withPostgresClient(postgres.server.url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

const urlOf = (database: string, user?: string): string =>
  Object.assign(new URL(postgres.server.url), {
    pathname: `/${database}`,
    ...(user && { username: user, password: 'secret' }),
  }).href;

async function migrateAs(user: string | undefined, database: string): Promise<MigrationResult> {
  const connectionString = urlOf(database, user);
  const pool = postgresPool({ connectionString }, { applicationName: 'test' });
  try {
    return await migrate(pool);
  } finally {
    await pool.end();
  }
}

beforeEach(async () => {
  await administer(
    `create role creator login createrole password 'secret'`,
    `create role plain login password 'secret'`,
    `create role colleague login password 'secret'`,
  );
});

afterEach(async () => {
  await administer(
    ...DATABASES.map((name) => `drop database if exists ${name} with (force)`),
    ...[...ROLES, 'creator', 'plain', 'colleague'].map((role) => `drop role if exists ${role}`),
  );
});

const createDatabases = (owner: string) =>
  administer(...DATABASES.map((name) => `create database ${name} owner ${owner}`));

describe('databases of one server', () => {
  test.each(['postgres', 'creator'])(
    'migrated at the same moment by %s do not collide',
    async (user) => {
      await createDatabases(user);
      const results = await Promise.all(
        DATABASES.map((name) => migrateAs(user === 'postgres' ? undefined : user, name)),
      );
      expect(new Set(results.map(({ owner }) => owner))).toEqual(new Set(['login_etl_migrator']));
      for (const name of DATABASES) {
        expect(await migrateAs(user === 'postgres' ? undefined : user, name)).toMatchObject({
          applied: [],
        });
      }
    },
  );
});

describe('an owner who may not create roles', () => {
  beforeEach(() => createDatabases('plain'));

  test('is told what an administrator has to do, and can migrate then', async () => {
    const error = await migrateAs('plain', 'one').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'P0001',
      message: 'role login_etl_migrator is missing, and plain may not create it',
    });
    const hint = (error as { hint: string }).hint;
    const statements = hint.match(/(create role|grant) [a-z_ ]+/g) as string[];
    expect(statements).toHaveLength(5);
    await administer(...statements);
    // Roles of later migrations are named in their turn.
    await expect(migrateAs('plain', 'one')).rejects.toMatchObject({
      message: 'role login_etl_reader is missing, and plain may not create it',
    });
    await administer('create role login_etl_reader nologin');
    expect(await migrateAs('plain', 'one')).toMatchObject({
      applied: expect.arrayContaining(['0024_api_reader.sql']),
      owner: 'login_etl_migrator',
    });
  });

  test('keeps the tables where the migrator role was not granted, and can migrate again', async () => {
    await administer(...ROLES.map((role) => `create role ${role} nologin`));
    expect(await migrateAs('plain', 'one')).toMatchObject({ owner: 'plain' });
    expect(await migrateAs('plain', 'one')).toMatchObject({ applied: [], partitionsMade: 0 });
  });
});

describe('a member of the migrator role', () => {
  test('goes on where another began, and nobody else can', async () => {
    await createDatabases('creator');
    await migrateAs('creator', 'one');
    await expect(migrateAs('colleague', 'one')).rejects.toMatchObject({ code: '42501' });
    await administer('grant login_etl_migrator to colleague');
    const month = `user_logins_${new Date().toISOString().slice(0, 7).replace('-', '_')}`;
    await withPostgresClient(urlOf('one'), (client) => client.query(`drop table ${month}`));
    expect(await migrateAs('colleague', 'one')).toMatchObject({ partitionsMade: 1 });
    const { rows } = await withPostgresClient(urlOf('one'), (client) =>
      client.query('select pg_get_userbyid(relowner) as owner from pg_class where relname = $1', [
        month,
      ]),
    );
    expect(rows).toEqual([{ owner: 'login_etl_migrator' }]);
  });

  test('finds the tables in the schema they are in, also if it is named as the user', async () => {
    await createDatabases('creator');
    await withPostgresClient(urlOf('one'), (client) =>
      client.query('create schema authorization creator'),
    );
    expect(await migrateAs('creator', 'one')).toMatchObject({ owner: 'login_etl_migrator' });
    const { rows } = await withPostgresClient(urlOf('one'), (client) =>
      client.query(
        `select distinct relnamespace::regnamespace::text as schema from pg_class where relname ~ '^user_logins'`,
      ),
    );
    expect(rows).toEqual([{ schema: 'creator' }]);
  });
});
