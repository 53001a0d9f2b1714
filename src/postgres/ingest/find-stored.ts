import type { PoolClient } from 'pg';
import type { BatchTag } from '../../batch/batch.ts';
import { daysOf } from '../../domain/login/create-date.ts';
import { LOGIN_ID_HASH, QUARANTINE_ID_HASH } from './id-hash.ts';

type Messages = { messageIds: readonly string[]; sentAtMs: readonly number[] };

type Table = 'user_logins' | 'quarantine';
type Found = { place: number; table: Table | null; own: boolean };

/**
 * Every message that is not a row of this batch in user_logins, with where it is instead, and the sum of the ids that
 * this batch has put into the table: those that its statement returned, and those with its run and number, which an
 * earlier attempt has stored. Rows are found by lists of keys, so that Postgres looks them up in the index, however large the
 * tables are, and so that Citus can ask its nodes: a join of the batch with the table would have neither.
 */
const find = (idHash: string): string => `
  with login as materialized (
    select message_id, create_date, run_id = $3 and batch_number = $4 as own from user_logins
    where create_date = any($7::date[]) and message_id = any($1::text[])
  )
  select coalesce(sum(${idHash}) filter (where own and "table" = $5), 0) as "idsSum",
    coalesce(
      json_agg(json_build_object('place', place, 'table', "table", 'own', own))
        filter (where (own and "table" = 'user_logins') is not true),
      '[]'
    ) as others
  from (
    select place::int - 1 as place, batch.message_id, login.create_date,
      case when login.own is not null then 'user_logins' when sealed.own is not null then 'quarantine' end as table,
      coalesce(login.own, sealed.own, false) or inserted as own
    from unnest($1::text[], string_to_array($2, ',')::bigint[], string_to_array($6, ',')::boolean[])
      with ordinality as batch (message_id, sent_at_ms, inserted, place)
    left join login on login.message_id = batch.message_id
      and login.create_date = cast(to_timestamp(sent_at_ms / 1000.0) at time zone 'utc' as date)
    left join lateral (
      select run_id = $3 and batch_number = $4 as own from quarantine
      where login.own is null and quarantine.message_id = batch.message_id
      limit 1
    ) as sealed on true
  ) as looked`;

const FIND = { user_logins: find(LOGIN_ID_HASH), quarantine: find(QUARANTINE_ID_HASH) } as const;

export type Whereabouts = {
  /** Distinct ids that this batch has put into the table. */
  own: number;
  /** See `id-hash.ts`. */
  ownIdsSum: string;
  /** Messages that another batch has stored, in either table, and repetitions within this one. */
  duplicates: number;
  /** Places of those that another batch has stored. */
  storedBefore: number[];
  /** Places of the messages that are in neither table. */
  missing: number[];
};

/**
 * Looks for the messages of a batch, by id, in both tables.
 * @param inserted the ids that the batch's statement stored in the table; undefined when these are all of them
 * @param leftOut ids that the batch must not store: one that is in neither table counts as a duplicate
 */
export async function findStored(
  client: PoolClient,
  { messageIds, sentAtMs }: Messages,
  { runId, number }: BatchTag,
  table: Table,
  inserted: ReadonlySet<string> | undefined,
  leftOut: ReadonlySet<string>,
): Promise<Whereabouts> {
  const result: Whereabouts = {
    own: 0,
    ownIdsSum: '0',
    duplicates: 0,
    storedBefore: [],
    missing: [],
  };
  if (messageIds.length === 0) return result;
  // Each once, so that the sum does not depend on how often a message was received.
  const places = new Map(messageIds.map((id, place) => [id, place]));
  const distinct = [...places.keys()];
  const sent = [...places.values()].map((place) => sentAtMs[place] as number);
  const own = distinct.map((id) => ((inserted?.has(id) ?? true) ? 't' : 'f'));
  const { rows } = await client.query<{ idsSum: string; others: Found[] }>(FIND[table], [
    ...[distinct, sent.join(), runId, number, table, own.join(), daysOf(sent)],
  ]);
  result.ownIdsSum = rows[0]?.idsSum ?? '0';
  const others = new Map(rows[0]?.others.map((each) => [distinct[each.place], each]));
  const counted = new Set<string>();
  for (const [place, id] of messageIds.entries()) {
    const where = others.get(id) ?? { table: 'user_logins', own: true };
    if (where.table === null && !leftOut.has(id)) result.missing.push(place);
    else if (where.own && where.table === table && !counted.has(id)) counted.add(id);
    else {
      result.duplicates += 1;
      if (!where.own && where.table !== null) result.storedBefore.push(place);
    }
  }
  result.own = counted.size;
  return result;
}
