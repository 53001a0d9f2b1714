import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';

type Definer = { name: string; types: string[]; source: string };

let database: TestDatabase;
let functions: Definer[];

beforeAll(async () => {
  database = await createTestDatabase();
  const { rows } = await database.pool.query<Definer>(`
    select proname as name, prosrc as source,
      array(select format_type(type, null) from unnest(proargtypes) as type) as types
    from pg_proc where prosecdef and pronamespace = 'public'::regnamespace`);
  functions = rows;
});
afterAll(() => database?.remove());

const VALUES: Record<string, unknown> = {
  integer: 1,
  date: '2026-11-01',
  uuid: '00000000-0000-4000-8000-000000000000',
  text: 'x',
  'text[]': '{x}',
  jsonb: '{}',
  bytea: '\\x00',
  'timestamp with time zone': '2026-11-01',
};

/** Words of the functions that name no table: a temporary one of that name would be found in its place. */
async function absentNames(): Promise<string[]> {
  const words = new Set(
    functions.flatMap(({ source }) => source.match(/\b[a-z]+_[a-z_]+\b/g) ?? []),
  );
  const { rows } = await database.pool.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass(name) is null`,
    [[...words]],
  );
  return rows.map(({ name }) => name);
}

const USERS = ['worker', 'reader', 'custodian'] as const;

describe.each(USERS)('functions with the rights of the owner', (user) => {
  test(`run no code of the ${user}'s from a temporary table`, async () => {
    const client = new pg.Client({ connectionString: database.urls[user] });
    await client.connect();
    const errors: string[] = [];
    try {
      await client.query(`create function pg_temp.foreign_code() returns trigger language plpgsql as
        $$ begin raise exception 'foreign code runs as %', current_user; end $$`);
      const names = await absentNames();
      expect(names).toContain('user_logins_moving');
      for (const name of names) {
        await client.query(`create temporary table "${name}" (
          user_id text, device_type text, masked_ip text, masked_device_id text, locale text, app_version text,
          create_date date, message_id text, mask_key_id text, sent_at timestamptz, run_id uuid, batch_number integer,
          inserted_at timestamptz, primary key (create_date, message_id))`);
        await client.query(`create trigger foreign_code before insert or update or delete or truncate
          on pg_temp."${name}" for each statement execute function pg_temp.foreign_code()`);
        await client.query(`grant all on pg_temp."${name}" to public`);
      }
      for (const { name, types } of functions) {
        const given = types.map((type, at) => `$${at + 1}::${type}`).join();
        await client.query('begin');
        await client
          .query(
            `select public.${name}(${given})`,
            types.map((type) => VALUES[type]),
          )
          .catch(({ message }: Error) => errors.push(`${name}: ${message}`));
        await client.query('rollback');
      }
    } finally {
      await client.end();
    }
    expect(errors.filter((error) => error.includes('foreign code'))).toEqual([]);
  });
});

test('no function uses an advisory lock, which any login may take', async () => {
  const { rows } = await database.pool.query(
    `select proname from pg_proc where pronamespace = 'public'::regnamespace and prosrc ~ 'advisory'`,
  );
  expect(rows).toEqual([]);
});
