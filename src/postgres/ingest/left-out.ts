import type { PoolClient } from 'pg';
import { DAY_MS } from '../../domain/tables/days.ts';

const LEFT_FOR_GOOD = `
  select message_id as id from quarantine_departures where cause <> 'replayed' and message_id = any($1)`;

// Only what a custodian has released for it, and with its owner's rights: the worker itself may delete nothing.
const TAKE_RELEASED = 'select login_etl_take_for_replay($1, $2) as id';
const TAKE_AGAIN = 'select login_etl_take_for_recovery($1, $2) as id';

type Origin = { replayId?: string | undefined; recovery?: string | undefined };

/**
 * A month leaves when no message of it can come from the queue any more (`0029_retention.sql`), so a batch that has one is a
 * repetition of a batch that was stored: by a reset of its run, or from copies of its payloads.
 */
const OF_RETIRED_MONTHS = `
  select message_id as id from unnest($1::text[], string_to_array($2, ',')::bigint[]) as batch (message_id, sent_at_ms)
  where date_trunc('month', to_timestamp(sent_at_ms / 1000.0) at time zone 'utc')::date in (
    select month from retired_months where detached_at is not null
  )`;

/** The queue's longest retention. */
const MAY_BE_RETIRED_MS = 14 * DAY_MS;

type Messages = { messageIds: readonly string[]; sentAtMs: readonly number[] };

/**
 * Messages that must not be stored by this transaction, since their payloads may come from an old history: of a run, those
 * that were erased or discarded from quarantine, or whose month has left; of a replay, all that it does not take out of
 * quarantine now. A recovery does a replay again, so it takes what is still in quarantine, and stores also what is not.
 */
export async function readLeftOut(
  client: PoolClient,
  { messageIds, sentAtMs }: Messages,
  { replayId, recovery }: Origin,
): Promise<ReadonlySet<string>> {
  const find = async (statement: string, ...values: unknown[]): Promise<Set<string>> =>
    new Set((await client.query<{ id: string }>(statement, values)).rows.map(({ id }) => id));
  if (replayId !== undefined && recovery === undefined) {
    const taken = await find(TAKE_RELEASED, replayId, messageIds);
    return new Set(messageIds.filter((id) => !taken.has(id)));
  }
  if (replayId !== undefined) await client.query(TAKE_AGAIN, [recovery, messageIds]);
  const left = await find(LEFT_FOR_GOOD, messageIds);
  const mayBeRetired = Date.now() - MAY_BE_RETIRED_MS;
  if (replayId !== undefined || !sentAtMs.some((at) => at < mayBeRetired)) return left;
  return new Set([...left, ...(await find(OF_RETIRED_MONTHS, messageIds, sentAtMs.join()))]);
}
