import type { PoolClient } from 'pg';
import type { BatchTag } from '../../batch/batch.ts';

type Messages = { messageIds: readonly string[]; sentAtMs: readonly number[] };

/** A message that was erased from quarantine does not come back, and counts as found. */
type Found = { place: number; table: 'user_logins' | 'quarantine' | 'erased' | null; own: boolean };

/**
 * Every message that is not a row of this batch in user_logins, with where it is instead. The lateral queries keep
 * Postgres to one index look-up a message, however large the tables are.
 */
const FIND = `
  select place::int - 1 as place,
    case when login.own is not null then 'user_logins' when sealed.own is not null then 'quarantine' when exists (
      select from quarantine_departures as gone where gone.message_id = batch.message_id and gone.cause = 'erased'
    ) then 'erased' end as table,
    coalesce(login.own, sealed.own, false) as own
  from unnest($1::text[], string_to_array($2, ',')::bigint[]) with ordinality as batch (message_id, sent_at_ms, place)
  left join lateral (
    select run_id = $3 and batch_number = $4 as own from user_logins
    where create_date = cast(to_timestamp(sent_at_ms / 1000.0) at time zone 'utc' as date)
      and user_logins.message_id = batch.message_id
    limit 1
  ) as login on true
  left join lateral (
    select run_id = $3 and batch_number = $4 as own from quarantine
    where login.own is null and quarantine.message_id = batch.message_id
    limit 1
  ) as sealed on true
  where login.own is not true`;

export type Whereabouts = {
  /** Distinct ids that this batch has put into the table. */
  own: number;
  /** Messages that another batch has stored, in either table, and repetitions within this one. */
  duplicates: number;
  /** Places of the messages that are in neither table. */
  missing: number[];
};

/** Looks for the messages of a batch, by id, in both tables. */
export async function findStored(
  client: PoolClient,
  { messageIds, sentAtMs }: Messages,
  { runId, number }: BatchTag,
  table: 'user_logins' | 'quarantine',
): Promise<Whereabouts> {
  if (messageIds.length === 0) return { own: 0, duplicates: 0, missing: [] };
  const { rows } = await client.query<Found>(FIND, [messageIds, sentAtMs.join(), runId, number]);
  const found = new Map(rows.map((row) => [row.place, row]));
  const own = new Set<string>();
  const missing: number[] = [];
  let duplicates = 0;
  for (const [place, id] of messageIds.entries()) {
    const where = found.get(place) ?? { table: 'user_logins', own: true };
    if (where.table === null) missing.push(place);
    else if (where.own && where.table === table && !own.has(id)) own.add(id);
    else duplicates += 1;
  }
  return { own: own.size, duplicates, missing };
}
