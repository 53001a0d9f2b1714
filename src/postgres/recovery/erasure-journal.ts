import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../in-transaction.ts';
import { lockInserts } from '../ingest/insert-lock.ts';
import { eraseOriginals } from '../vault/erase-originals.ts';
import { REMOVE_UNUSED_DATA_KEYS } from '../vault/vault-statements.ts';

/** Everything that was erased, so that it can be erased again in a database that was restored to an earlier time. */
export type ErasureJournal = {
  takenAt: string;
  /** Hashes of masked values and accounts (`erased_values`). */
  values: { hash: string; erasedAt: string }[];
  /** Messages that were erased or discarded from quarantine. */
  departures: {
    messageId: string;
    runId: string;
    quarantinedAt: string;
    cause: string;
    departedAt: string;
  }[];
  /** Accounts that were erased, by the audit record of the erasure. */
  accounts: { auditHash: string; at: string; userId: string; keepShared: boolean }[];
};

const ISO = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const READ = {
  takenAt: `select ${ISO('now()')} as "takenAt"`,
  values: `
    select encode(value_hash, 'hex') as hash, ${ISO('erased_at')} as "erasedAt" from erased_values order by erased_at`,
  departures: `
    select message_id as "messageId", run_id::text as "runId", ${ISO('quarantined_at')} as "quarantinedAt", cause,
      ${ISO('departed_at')} as "departedAt"
    from quarantine_departures where cause <> 'replayed' and isfinite(quarantined_at) order by departed_at`,
  accounts: `
    select encode(hash, 'hex') as "auditHash", ${ISO('at')} as at, detail ->> 'userId' as "userId",
      (detail ->> 'keepShared')::boolean as "keepShared"
    from audit_log where action = 'erase' and detail ? 'userId' order by id`,
} as const;

export const readJournal = (pool: Pool): Promise<ErasureJournal> =>
  inTransaction(
    pool,
    'begin transaction isolation level repeatable read, read only',
    async (client) => {
      const rows = async (name: keyof typeof READ) => (await client.query(READ[name])).rows;
      return {
        takenAt: (await rows('takenAt'))[0]?.takenAt,
        values: await rows('values'),
        departures: await rows('departures'),
        accounts: await rows('accounts'),
      } as ErasureJournal;
    },
  );

export type ErasedAgain = {
  originals: number;
  messages: number;
  accounts: number;
};

const NOTE_VALUES = `
  insert into erased_values as noted (value_hash, erased_at)
  select decode(hash, 'hex'), erased_at from unnest($1::text[], $2::timestamptz[]) as journal (hash, erased_at)
  on conflict (value_hash) do update set erased_at = greatest(noted.erased_at, excluded.erased_at)`;

/** An original that was sealed after its erasure came with a later message. */
const eraseFrom = (table: string): string => `
  delete from ${table} using erased_values
  where value_hash = sha256(convert_to(field || ':', 'UTF8') || masked_value) and sealed_at <= erased_at`;

const JOURNAL = `
  journal as (
    select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::timestamptz[])
      as journal (message_id, run_id, quarantined_at, cause, departed_at)
  )`;

/**
 * A message that the restored database does not have in quarantine is noted as well, so that no recovery puts it there. It
 * was quarantined at no time of this database, and so counts for no run.
 */
const LEAVE_AGAIN = `
  with ${JOURNAL}, gone as (
    delete from quarantine using journal where quarantine.message_id = journal.message_id
    returning quarantine.message_id
  ), gone_versions as (
    delete from quarantine_versions using journal where quarantine_versions.message_id = journal.message_id
  ), noted as (
    insert into quarantine_departures (message_id, run_id, quarantined_at, cause, departed_at)
    select journal.message_id, run_id, case when gone.message_id is null then '-infinity' else quarantined_at end, cause,
      departed_at
    from journal left join gone using (message_id)
    where not exists (
      select from quarantine_departures as known
      where known.message_id = journal.message_id and known.cause = journal.cause
    )
  )
  select count(*)::int as messages from gone`;

/** An erasure that the restored audit log has was done before, in this database. */
const UNKNOWN = `
  select given.hash from unnest($1::text[]) as given (hash)
  where not exists (select from audit_log where audit_log.hash = decode(given.hash, 'hex'))`;

/**
 * Erases everything again. For a transaction that holds the lock on the vault. It is done before the recovery, so that nobody
 * reads what was erased, and once more after it: only then are all rows there, which say which values an account had, under
 * the masking key of the restored database, and which of them other accounts share.
 */
export async function eraseJournaled(
  client: PoolClient,
  { values, departures, accounts }: ErasureJournal,
  when: 'before' | 'after',
): Promise<ErasedAgain> {
  const { rows: unknown } = await client.query<{ hash: string }>(UNKNOWN, [
    accounts.map(({ auditHash }) => auditHash),
  ]);
  const missing = new Set(unknown.map(({ hash }) => hash));
  const again = accounts.filter(({ auditHash }) => missing.has(auditHash));
  let originals = 0;
  for (const { userId, keepShared, at } of again) {
    const { ips, devices } = await eraseOriginals(client, { userId, keepShared }, [], {
      erasedAt: at,
      noteValues: when === 'after' || !keepShared,
    });
    originals += ips + devices;
  }
  await lockInserts(client, 'alone');
  await client.query(NOTE_VALUES, [
    values.map(({ hash }) => hash),
    values.map(({ erasedAt }) => erasedAt),
  ]);
  for (const table of ['vault', 'vault_set_aside']) {
    originals += (await client.query(eraseFrom(table))).rowCount ?? 0;
  }
  await client.query(REMOVE_UNUSED_DATA_KEYS);
  const { rows } = await client.query<{ messages: number }>(LEAVE_AGAIN, [
    departures.map(({ messageId }) => messageId),
    departures.map(({ runId }) => runId),
    departures.map(({ quarantinedAt }) => quarantinedAt),
    departures.map(({ cause }) => cause),
    departures.map(({ departedAt }) => departedAt),
  ]);
  return { originals, messages: rows[0]?.messages ?? 0, accounts: again.length };
}
