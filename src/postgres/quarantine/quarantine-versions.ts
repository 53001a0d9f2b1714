import type { Pool, PoolClient } from 'pg';

/** A body that an edit replaced. */
export type SealedVersion = {
  messageId: string;
  /** 1 is the body that the queue delivered. */
  number: number;
  reason: string;
  sealedBody: Buffer;
  vaultKeyId: string;
  replacedAt: Date;
  replacedBy: string;
};

/** The versions of a message before its present body, the oldest first. Migration 0018 says what keeps them. */
export async function readVersions(pool: Pool, messageId: string): Promise<SealedVersion[]> {
  const { rows } = await pool.query<SealedVersion>(
    `select message_id as "messageId", number, reason, sealed_body as "sealedBody", vault_key_id as "vaultKeyId",
       replaced_at as "replacedAt", replaced_by as "replacedBy"
     from quarantine_versions where message_id = $1 order by number`,
    [messageId],
  );
  return rows;
}

/** Ids of messages that were edited, also of those that have left quarantine. */
export async function readEditedIds(
  pool: Pool,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select distinct message_id as id from quarantine_versions
     where message_id > $1 order by message_id limit $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

/** Those of the messages that are stored as logins of the account. */
export async function readStoredFor(
  pool: Pool,
  userId: string,
  messageIds: readonly string[],
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select message_id as id from user_logins where user_id = $1 and message_id = any($2)',
    [userId, messageIds],
  );
  return rows.map(({ id }) => id);
}

/** @returns the number of versions */
export async function deleteVersions(
  client: PoolClient,
  messageIds: readonly string[],
): Promise<number> {
  const { rowCount } = await client.query(
    'delete from quarantine_versions where message_id = any($1)',
    [messageIds],
  );
  return rowCount ?? 0;
}
