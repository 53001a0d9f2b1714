import type { Pool } from 'pg';
import type { Counts } from '../../domain/counts.ts';
import { LOGIN_FIELDS } from '../../domain/login/login-columns.ts';

export type StoredMessages = { inUserLogins: number; inQuarantine: number };

/** Counts these messages in each table. */
export async function storedMessages(
  pool: Pool,
  messageIds: readonly string[],
): Promise<StoredMessages> {
  const { rows } = await pool.query<StoredMessages>(
    `select
      (select count(*)::int from user_logins where message_id = any($1)) as "inUserLogins",
      (select count(*)::int from quarantine where message_id = any($1)) as "inQuarantine"`,
    [messageIds],
  );
  return rows[0] ?? { inUserLogins: 0, inQuarantine: 0 };
}

/** The first rows of these messages, as their consumers see them. */
export async function firstRows(
  pool: Pool,
  messageIds: readonly string[],
  limit: number,
): Promise<Record<string, string | null>[]> {
  const { rows } = await pool.query(
    `select ${LOGIN_FIELDS.map(({ column }) => column).join(', ')}, create_date::text as create_date
    from user_logins where message_id = any($1) order by inserted_at, message_id limit $2`,
    [messageIds, limit],
  );
  return rows;
}

export type RunInLedger = { workflowId: string; finished: boolean; counts: Counts };

/** The runs that stored these messages, from the ledger. */
export async function runsOf(pool: Pool, messageIds: readonly string[]): Promise<RunInLedger[]> {
  const { rows } = await pool.query<RunInLedger>(
    `select workflow_id as "workflowId", finished_at is not null as finished,
      json_build_object('received', received, 'inserted', inserted, 'duplicates', duplicates,
        'quarantined', quarantined, 'acknowledged', acknowledged, 'batches', batches) as counts
    from ingest_runs where run_id in (
      select run_id from user_logins where message_id = any($1)
      union select run_id from quarantine where message_id = any($1)
    ) order by started_at`,
    [messageIds],
  );
  return rows;
}
