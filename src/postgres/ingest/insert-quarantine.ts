import type { PoolClient } from 'pg';
import { createDate, daysOf } from '../../domain/login/create-date.ts';
import { QuarantineLimitReached } from '../../errors/table-trouble.ts';
import { onTable } from '../on-table.ts';
import type { BatchToInsert } from './batch-to-insert.ts';

/** As in `find-stored.ts`, logins are looked up by lists of keys. */
const INSERT_QUARANTINE = `
  with login as materialized (
    select create_date, message_id from user_logins
    where create_date = any($11::date[]) and message_id = any($1::text[])
  )
  insert into quarantine (
    message_id, create_date, sent_at, reason, sealed_body, faults, vault_key_id, run_id, batch_number
  )
  select message_id, create_date, to_timestamp(sent_at_ms / 1000.0), reason, sealed_body,
    string_to_array(faults, E'\\n'), $6, $7, $8
  from unnest($1::text[], $2::date[], $3::bigint[], $4::text[], $5::bytea[], $10::text[])
    as batch (message_id, create_date, sent_at_ms, reason, sealed_body, faults)
  where not exists (
    select from login where login.create_date = batch.create_date and login.message_id = batch.message_id
  ) and batch.message_id <> all($9)
  on conflict (message_id) do nothing returning message_id`;

/** An hour, since Temporal's clock dates the run, and Postgres' the rows. */
const OVER_LIMIT = `
  select login_etl_over_limit($3, $1, to_timestamp($2 / 1000.0) - interval '1 hour', $4) as reason`;

/**
 * @returns the ids that it stored
 * @throws QuarantineLimitReached when the run has more messages there now, for one kind of reason, than it may
 */
export async function insertQuarantine(
  client: PoolClient,
  { batch: { runId, startedAtMs, number }, quarantine }: BatchToInsert,
  leftOut: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const { messageIds, sentAtMs, reasons, faults, sealedBodies, vaultKeyId, limitPerReason } =
    quarantine;
  if (messageIds.length === 0) return new Set();
  const values = [
    ...[messageIds, sentAtMs.map(createDate), sentAtMs, reasons, sealedBodies],
    ...[vaultKeyId, runId, number, [...leftOut]],
    reasons.map((_, index) => faults?.[index]?.join('\n') ?? null),
    daysOf(sentAtMs),
  ];
  const stored = await onTable(
    'quarantine',
    client.query<{ message_id: string }>(INSERT_QUARANTINE, values),
  );
  const ids = new Set(stored.rows.map(({ message_id }) => message_id));
  if (limitPerReason === undefined) return ids;
  const { rows } = await client.query<{ reason: string | null }>(OVER_LIMIT, [
    ...[[...new Set(reasons)], startedAtMs, runId, limitPerReason],
  ]);
  if (rows[0]?.reason) throw new QuarantineLimitReached(rows[0].reason);
  return ids;
}
