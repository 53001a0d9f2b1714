import type { PoolClient } from 'pg';
import { lockInserts } from '../ingest/insert-lock.ts';
import type { QuarantineFilter } from './read-quarantine.ts';

/**
 * Takes messages with their earlier versions out of quarantine for good, and notes of each that it left: the ledger still adds up, and a later insert
 * does not store the message again. Inserts are locked out, since one under way may not have seen the note.
 * @returns how many there were
 */
export async function leaveQuarantine(
  client: PoolClient,
  { reason, messageIds }: QuarantineFilter,
  cause: 'discarded' | 'erased',
): Promise<number> {
  await lockInserts(client, 'alone');
  const { rowCount } = await client.query(
    `with gone as (
       delete from quarantine
       where ($1::text is null or reason = $1) and ($2::text[] is null or message_id = any($2))
       returning message_id, run_id, quarantined_at
     ), gone_versions as (
       delete from quarantine_versions using gone where quarantine_versions.message_id = gone.message_id
     )
     insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
     select message_id, run_id, quarantined_at, $3 from gone`,
    [reason ?? null, messageIds ?? null, cause],
  );
  return rowCount ?? 0;
}
