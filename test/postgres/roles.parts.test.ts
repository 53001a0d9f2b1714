import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/domain/run-record.ts';
import type { DatabaseUser } from '../../src/local/postgres/database-users.ts';
import { appendAuditRecord } from '../../src/postgres/audit/append-audit-record.ts';
import { readAuditLinks } from '../../src/postgres/audit/read-audit.ts';
import { checkDatabase } from '../../src/postgres/check-database.ts';
import { insertBatch } from '../../src/postgres/ingest/insert-batch.ts';
import { postgresPool } from '../../src/postgres/pool.ts';
import { migrate } from '../../src/postgres/run-migrations.ts';
import { closeRun } from '../../src/postgres/runs/close-run.ts';
import { readLedger } from '../../src/postgres/runs/read-ledger.ts';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.ts';
import { batchToInsert, newIds } from './ingest/batch-to-insert.ts';

const USERS = [
  'worker',
  'analyst',
  'custodian',
  'reader',
  'owner',
] as const satisfies DatabaseUser[];
const TABLES = [
  ...[
    'user_logins',
    'quarantine',
    'ingest_runs',
    'ingest_batches',
    'vault',
    'vault_data_keys',
    'vault_generation',
    'audit_log',
    'backups',
    'api_lookup_values',
    'api_exports',
  ],
  'login_etl_migrations',
];

let database: TestDatabase;
let as: Record<DatabaseUser, Pool>;
let quarantined: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  const pools = USERS.map((user) => [
    user,
    postgresPool({ connectionString: database.urls[user] }, { applicationName: user }),
  ]);
  as = Object.fromEntries(pools);
});
afterAll(async () => {
  for (const pool of Object.values(as)) await pool.end();
  await database.remove();
});

const INSERT_DATA_KEY = `
  insert into vault_data_keys (id, vault_key_id, wrapped_key) values ('${randomUUID()}', 'v', 'x')`;
const INSERT_ORIGINAL = `
  insert into vault (masked_value, field, mask_key_id, data_key_id, sealed_value)
  values ('m', 'ip', 'k', '${randomUUID()}', 's') on conflict do nothing`;

/** The rows of `beforeEach` are still there, since the last test's statements were all refused. */
let unchanged = false;

/** A row in every table, since a statement that finds no row may succeed. */
beforeEach(async () => {
  const skip = unchanged;
  unchanged = false;
  if (skip) return;
  await database.pool.query(
    'truncate user_logins, quarantine, ingest_runs, ingest_batches, vault, vault_data_keys',
  );
  quarantined = newIds(3);
  await insertBatch(as.worker, batchToInsert({ rowIds: newIds(3), quarantineIds: quarantined }));
  await as.worker.query(INSERT_DATA_KEY);
  await as.worker.query(INSERT_ORIGINAL);
  await appendAuditRecord(as.custodian, { action: 'reveal', reason: 'a reason', detail: {} });
});

const REFUSED = '42501';

async function expectRefused(user: DatabaseUser, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await expect(as[user].query(statement), statement).rejects.toMatchObject({ code: REFUSED });
  }
  unchanged = true;
}

/** What of all that can be done to a table is for its owner alone. */
const ownersOnly = (table: string): string[] => [
  `truncate ${table}`,
  `drop table ${table}`,
  `alter table ${table} disable trigger all`,
  `alter table ${table} add column more integer`,
  `alter table ${table} owner to current_user`,
  `create index on ${table} ((1))`,
  `create trigger mine before insert on ${table} for each row execute function suppress_redundant_updates_trigger()`,
  `create rule mine as on delete to ${table} do instead nothing`,
];

/** And of the rest of the database. */
const NOBODYS = [
  'drop trigger append_only on audit_log',
  'drop function login_etl_refuse_audit_change() cascade',
  `create or replace function login_etl_chain_audit() returns trigger language plpgsql as 'begin return new; end'`,
  'alter function login_etl_chain_audit() reset search_path',
  'drop view audit_counts',
  'create table mine ()',
  `create function mine() returns integer language sql as 'select 1'`,
  'create role another',
  'set session_replication_role = replica',
  'set session authorization postgres',
  'set role postgres',
  'set role login_etl_migrator',
  `select pg_read_file('PG_VERSION')`,
  `copy (select 1) to program 'true'`,
  'select login_etl_make_partitions(now()::date, now()::date)',
];

describe.each(['worker', 'analyst', 'custodian', 'reader'] as const)('the %s', (user) => {
  test.each(TABLES)('may not do to %s what its owner may', async (table) => {
    await expectRefused(user, ownersOnly(table));
    // Refused, or granted nothing with a warning: that nothing is public is tested below.
    await as[user].query(`grant all on ${table} to public`).catch(() => undefined);
  });

  test('may not make, replace or drop anything, nor be another', async () => {
    const others = USERS.filter((name) => name !== user && name !== 'owner');
    await expectRefused(user, [
      ...NOBODYS,
      ...others.map((other) => `set role login_etl_${other}`),
    ]);
  });

  test('may not reach a partition past its table', async () => {
    const acts = ['select * from', 'delete from', 'truncate'];
    await expectRefused(
      user,
      acts.map((act) => `${act} user_logins_default`),
    );
  });
});

describe('the worker', () => {
  test.each([
    'select * from user_logins',
    'select user_id from user_logins',
    'select masked_ip from user_logins',
    'select masked_device_id from user_logins',
    'update user_logins set masked_ip = null',
    'delete from user_logins',
    'select * from quarantine',
    'select sealed_body from quarantine',
    'select reason from quarantine',
    `update quarantine set released_for = '${randomUUID()}'`,
    'delete from quarantine',
    `insert into quarantine (message_id, released_for) values ('m', '${randomUUID()}')`,
    'select * from vault',
    'select 1 from vault',
    'select sealed_value from vault',
    'update vault set sealed_value = null',
    'delete from vault',
    `${INSERT_ORIGINAL} returning sealed_value`,
    `${INSERT_ORIGINAL.replace('do nothing', '(masked_value, field) do update set sealed_value = vault.sealed_value')}`,
    'select * from vault_data_keys',
    'select 1 from vault_data_keys',
    'update vault_data_keys set wrapped_key = null',
    'delete from vault_data_keys',
    'delete from ingest_runs',
    'delete from ingest_batches',
    'select * from audit_log',
    'select 1 from audit_log',
    `insert into audit_log (action, reason) values ('reveal', 'forged')`,
    'update audit_log set reason = null',
    'delete from audit_log',
    `insert into login_etl_migrations (name) values ('9999_mine')`,
    'delete from login_etl_migrations',
    `insert into backups (label, started_at, finished_at) values ('forged', now(), now())`,
    'copy vault to stdout',
    'do $$ begin lock table user_logins in access exclusive mode; end $$',
  ])('may not: %s', (statement) => expectRefused('worker', [statement]));

  test('may store a batch again, close its run and read the ledger', async () => {
    const rowIds = newIds(2);
    const quarantineIds = newIds(1);
    const batch = batchToInsert({ rowIds, quarantineIds });
    const sentAtMs = [Date.now(), Date.now()];
    const fresh = { ...batch, batch: { ...batch.batch, startedAtMs: Date.now() }, sentAtMs };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await insertBatch(as.worker, fresh)).toMatchObject({ inserted: 2, quarantined: 1 });
    }
    const { runId, workflowId, startedAtMs } = fresh.batch;
    const counts = {
      received: 3,
      inserted: 2,
      duplicates: 0,
      quarantined: 1,
      acknowledged: 3,
      batches: 1,
    };
    const run: RunRecord = {
      runId,
      workflowId,
      startedAtMs,
      finishedAtMs: Date.now(),
      outcome: 'completed',
      counts,
    };
    await closeRun(as.worker, run, 'build');
    await checkDatabase(as.worker);
    const { runs } = await readLedger(as.worker, new Date(Date.now() - 60_000));
    expect(runs).toContainEqual(
      expect.objectContaining({ runId, outcome: 'completed', counts, rowsInUserLogins: 2 }),
    );
  });

  test('may add to the vault what is there already, which changes nothing', async () => {
    expect((await as.worker.query(INSERT_ORIGINAL)).rowCount).toBe(0);
  });

  test('may see what goes wrong, by reason and count', async () => {
    const { rows } = await as.worker.query('select reason, messages::int from quarantine_reasons');
    expect(rows).toEqual([{ reason: 'message: is not JSON', messages: 3 }]);
    await as.worker.query('select * from audit_counts');
  });

  test('takes out of quarantine what a custodian has released for this replay, and nothing else', async () => {
    const take = async (replay: string, ids: string[]) =>
      (
        await as.worker.query('select login_etl_take_for_replay($1, $2) as id', [replay, ids])
      ).rows.map(({ id }) => id);
    const [released, kept, others] = quarantined as [string, string, string];
    const replay = randomUUID();
    const release = 'update quarantine set released_for = $1 where message_id = $2';
    expect(await take(replay, quarantined)).toEqual([]);
    await as.custodian.query(release, [replay, released]);
    await as.custodian.query(release, [randomUUID(), others]);
    expect(await take(replay, [kept, others])).toEqual([]);
    expect(await take(replay, quarantined)).toEqual([released]);
    expect(await take(replay, quarantined)).toEqual([]);
    const { rows } = await database.pool.query('select message_id from quarantine');
    expect(new Set(rows.map(({ message_id }) => message_id))).toEqual(new Set([kept, others]));
  });

  test('is not fooled into another table by a temporary one of the same name', async () => {
    const client = await as.worker.connect();
    try {
      const [id] = quarantined;
      await client.query(`
        begin; create temp table quarantine (message_id text, released_for uuid);
        set local search_path = pg_temp, public`);
      const replay = randomUUID();
      await client.query('insert into pg_temp.quarantine values ($1, $2)', [id, replay]);
      const { rows } = await client.query('select public.login_etl_take_for_replay($1, $2) as id', [
        replay,
        [id],
      ]);
      expect(rows).toEqual([]);
    } finally {
      client.release(true);
    }
  });
});

describe('the analyst', () => {
  test.each([
    ...TABLES.filter((table) => table !== 'user_logins').map((table) => `select 1 from ${table}`),
    'select * from quarantine_reasons',
    'select * from audit_counts',
    ...TABLES.flatMap((table) => [`delete from ${table}`, `insert into ${table} select`]),
    'update user_logins set user_id = null',
    'select * from user_logins for update',
    `select login_etl_take_released('${randomUUID()}', '{}')`,
    `select login_etl_take_for_replay('${randomUUID()}', '{}')`,
  ])('may not: %s', (statement) => expectRefused('analyst', [statement]));

  test('may read user_logins', async () => {
    expect((await as.analyst.query('select * from user_logins')).rowCount).toBe(3);
  });
});

describe('the reader, for the read service', () => {
  const READABLE = ['user_logins', 'login_etl_migrations'];
  test.each([
    ...TABLES.filter((table) => !READABLE.includes(table)).map((table) => `select 1 from ${table}`),
    'select * from quarantine_reasons',
    'select * from audit_counts',
    'select * from workers',
    'select * from user_logins',
    'select run_id from user_logins',
    ...TABLES.flatMap((table) => [`delete from ${table}`, `insert into ${table} select`]),
    'update user_logins set user_id = null',
    'select user_id from user_logins for update',
    `insert into audit_log (action, reason) values ('reveal', 'forged')`,
    `select login_etl_take_for_replay('${randomUUID()}', '{}')`,
  ])('may not: %s', (statement) => expectRefused('reader', [statement]));

  test('may read masked rows', async () => {
    const { rowCount } = await as.reader.query(
      'select user_id, masked_ip, masked_device_id, mask_key_id from user_logins',
    );
    expect(rowCount).toBe(3);
  });

  test('writes audit records of lookups and exports, and of nothing else', async () => {
    await as.reader.query(
      `select login_etl_record_lookup('token team', sha256('m'), 10, 'case 1', '{"field": "ip"}')`,
    );
    await as.reader.query(`select login_etl_record_export('case 2', '{"action": "reveal"}')`);
    const { rows } = await database.pool.query(
      'select actor, action, reason, detail from audit_log order by id desc limit 2',
    );
    const { username: actor } = new URL(database.urls.reader);
    expect(rows.reverse()).toEqual([
      { actor, action: 'lookup', reason: 'case 1', detail: { field: 'ip', answered: true } },
      { actor, action: 'export', reason: 'case 2', detail: { action: 'reveal' } },
    ]);
  });

  test('is not fooled into another table by a temporary one of the same name', async () => {
    const client = await as.reader.connect();
    try {
      await client.query(`
        create temp table audit_log (like public.login_etl_migrations);
        create temp table api_lookup_values (day date, caller text, value bytea);
        set search_path = pg_temp, public`);
      await client.query(
        `select public.login_etl_record_lookup('shadow', sha256('m'), 1, 'shadowed', '{}')`,
      );
      expect((await client.query('select from pg_temp.api_lookup_values')).rowCount).toBe(0);
    } finally {
      client.release(true);
    }
    const { rowCount } = await database.pool.query(
      `select from audit_log where reason = 'shadowed'`,
    );
    expect(rowCount).toBe(1);
  });
});

describe('the custodian', () => {
  test.each([
    'update user_logins set user_id = null',
    'update user_logins set message_id = null',
    'delete from user_logins',
    'insert into user_logins select',
    'insert into quarantine select',
    `update quarantine_versions set reason = 'r'`,
    'insert into quarantine_versions select',
    'update quarantine set message_id = null',
    'update quarantine set run_id = null',
    'update vault set sealed_value = null',
    'update vault_data_keys set wrapped_key = null',
    'update ingest_runs set outcome = null',
    'update ingest_batches set inserted = 0',
    'delete from ingest_runs',
    'delete from ingest_batches',
    'update audit_log set reason = null',
    'delete from audit_log',
    'delete from login_etl_migrations',
    'update backups set started_at = now()',
    'delete from backups',
    `insert into backups (label, started_at, finished_at, recorded_by) values ('x', now(), now(), 'x')`,
    `select login_etl_take_released('${randomUUID()}', '{}')`,
    `select login_etl_take_for_replay('${randomUUID()}', '{}')`,
  ])('may not: %s', (statement) => expectRefused('custodian', [statement]));

  test.each([
    'select * from vault join vault_data_keys on true',
    'select * from user_logins',
    'select * from quarantine',
    'select * from audit_log',
    'select * from ingest_runs',
    'select * from ingest_batches',
    `update user_logins set masked_ip = 'm', masked_device_id = 'd', mask_key_id = 'k2' where mask_key_id = 'key-1'`,
    `update quarantine set sealed_body = 's', vault_key_id = 'v', reason = 'r', released_for = '${randomUUID()}'`,
    INSERT_DATA_KEY.replace(/'[0-9a-f-]{36}'/, 'gen_random_uuid()'),
    INSERT_ORIGINAL,
    'delete from vault',
    'delete from vault_data_keys',
    'delete from quarantine',
    'select * from quarantine_versions',
    'delete from quarantine_versions',
    `insert into backups (label, started_at, finished_at) values ('nightly', now(), now())`,
    'select * from backups',
  ])('may: %s', async (statement) => {
    await as.custodian.query(statement);
  });

  test('says action, reason and detail of a record; the rest is not theirs to say', async () => {
    const { rows } = await as.custodian.query(`
      insert into audit_log (id, at, actor, action, reason, detail, previous_hash, hash)
      values (1000000, '2001-01-01', 'somebody', 'reveal', 'forged', '{}', 'x', 'y')
      returning id < 1000000 as "idIsNext", at > now() - interval '1 minute' as "atIsNow",
        actor = session_user as "actorIsMe", hash <> 'y' as "hashIsMade"`);
    expect(rows).toEqual([{ idIsNext: true, atIsNow: true, actorIsMe: true, hashIsMade: true }]);
  });

  test('leaves no record without a reason', async () => {
    for (const reason of ['', '  ']) {
      const record = { action: 'reveal', reason, detail: {} };
      await expect(appendAuditRecord(as.custodian, record)).rejects.toMatchObject({
        code: '23514',
      });
    }
  });

  test('writes on the real chain, whatever is in front of it', async () => {
    const client = await as.custodian.connect();
    try {
      await client.query(`
        create temp table audit_log (like public.audit_log);
        set search_path = pg_temp, public, pg_catalog`);
      await client.query(
        `insert into public.audit_log (action, reason) values ('reveal', 'shadowed')`,
      );
    } finally {
      client.release(true);
    }
    const { rows } = await database.pool.query(`
      select this.reason, this.previous_hash = before.hash as follows
      from audit_log this join audit_log before on before.id = this.id - 1 order by this.id desc limit 1`);
    expect(rows).toEqual([{ reason: 'shadowed', follows: true }]);
    let last = '';
    for await (const { text } of readAuditLinks(as.custodian)) last = text;
    expect(last).toContain('shadowed');
  });
});

describe('the owner', () => {
  const CHANGES = [
    `update audit_log set reason = 'else'`,
    `update audit_log set reason = 'else' where false`,
    'delete from audit_log',
    'truncate audit_log',
  ];

  test.each(CHANGES)('is refused by privilege: %s', async (statement) => {
    await expect(as.owner.query(statement)).rejects.toThrow(/permission denied/);
  });

  test.each(CHANGES)(
    'is refused by the trigger, having taken the privilege back: %s',
    async (statement) => {
      const client = await as.owner.connect();
      try {
        await client.query(
          'begin; grant update, delete, truncate on audit_log to login_etl_migrator',
        );
        await expect(client.query(statement)).rejects.toThrow('audit_log is append-only');
      } finally {
        client.release(true);
      }
    },
  );

  test('is any member of the migrator, who may migrate; what they make belongs to the role', async () => {
    const month = `user_logins_${new Date().toISOString().slice(0, 7).replace('-', '_')}`;
    await as.owner.query(`drop table ${month}`);
    expect(await migrate(as.owner)).toMatchObject({ applied: [], partitionsMade: 1 });
    const { rows } = await database.pool.query(
      `select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'public'::regnamespace
       union select distinct pg_get_userbyid(proowner) from pg_proc where pronamespace = 'public'::regnamespace`,
    );
    expect(rows).toEqual([{ owner: 'login_etl_migrator' }]);
  });
});

test('a superuser’s session that replays for another server may not change the audit log either', async () => {
  const client = await database.pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    await expect(client.query('delete from audit_log')).rejects.toThrow('append-only');
  } finally {
    client.release(true);
  }
});

test('nobody but the owner and those named may do anything: no grant is to the public', async () => {
  const { rows } = await database.pool.query(`
    select relname as name from pg_class, aclexplode(relacl) grants
    where relnamespace = 'public'::regnamespace and grants.grantee = 0
    union all
    select proname from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) grants
    where pronamespace = 'public'::regnamespace and grants.grantee = 0 and proname <> 'audit_record'`);
  expect(rows).toEqual([]);
});
