import type { PoolClient } from 'pg';

const LEFT_FOR_GOOD = `
  select message_id as id from quarantine_departures where cause <> 'replayed' and message_id = any($1)`;

// Only what a custodian has released for it, and with its owner's rights: the worker itself may delete nothing.
const TAKE_RELEASED = 'select login_etl_take_for_replay($1, $2) as id';
const TAKE_AGAIN = 'select login_etl_take_for_recovery($1, $2) as id';

type Origin = { replayId?: string | undefined; recovery?: string | undefined };

/**
 * Messages that must not be stored by this transaction, since their payloads may come from an old history: of a run, those
 * that were erased or discarded from quarantine; of a replay, all that it does not take out of quarantine now. A recovery
 * does a replay again, so it takes what is still in quarantine, and stores also what is not.
 */
export async function readLeftOut(
  client: PoolClient,
  messageIds: readonly string[],
  { replayId, recovery }: Origin,
): Promise<ReadonlySet<string>> {
  if (replayId !== undefined && recovery === undefined) {
    const taken = idsOf(await client.query<{ id: string }>(TAKE_RELEASED, [replayId, messageIds]));
    return new Set(messageIds.filter((id) => !taken.has(id)));
  }
  if (replayId !== undefined) await client.query(TAKE_AGAIN, [recovery, messageIds]);
  return idsOf(await client.query<{ id: string }>(LEFT_FOR_GOOD, [messageIds]));
}

const idsOf = ({ rows }: { rows: { id: string }[] }) => new Set(rows.map(({ id }) => id));
