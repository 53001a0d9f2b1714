import type { PoolClient } from 'pg';
import type { QuarantineFilter } from './read-quarantine.ts';

/**
 * Takes messages out of quarantine for good, and notes of each that it left, so that the ledger still adds up.
 * @returns how many there were
 */
export async function leaveQuarantine(
  client: PoolClient,
  { reason, messageIds }: QuarantineFilter,
  cause: 'discarded' | 'erased',
): Promise<number> {
  const { rowCount } = await client.query(
    `with gone as (
       delete from quarantine
       where ($1::text is null or reason = $1) and ($2::text[] is null or message_id = any($2))
       returning message_id, run_id, quarantined_at
     )
     insert into quarantine_departures (message_id, run_id, quarantined_at, cause)
     select message_id, run_id, quarantined_at, $3 from gone`,
    [reason ?? null, messageIds ?? null, cause],
  );
  return rowCount ?? 0;
}
