import type { Pool, PoolClient } from 'pg';

export type QuarantinedMessage = {
  messageId: string;
  reason: string;
  sentAt: Date;
  quarantinedAt: Date;
  vaultKeyId: string;
  /** Of the sealed body. */
  bytes: number;
};

export type SealedMessage = QuarantinedMessage & { sealedBody: Buffer };

export type QuarantineReason = {
  reason: string;
  messages: number;
  firstAt: Date;
  lastAt: Date;
};

/** What is asked for: all that is given has to hold. */
export type QuarantineFilter = { reason?: string | undefined; messageIds?: readonly string[] };

const COLUMNS = `message_id as "messageId", reason, sent_at as "sentAt", quarantined_at as "quarantinedAt",
    vault_key_id as "vaultKeyId", octet_length(sealed_body) as bytes`;

const FILTER = `($1::text is null or reason = $1) and ($2::text[] is null or message_id = any($2))`;

const filterValues = ({ reason, messageIds }: QuarantineFilter) => [
  reason ?? null,
  messageIds ?? null,
];

/** How many messages there are of each reason. */
export async function readQuarantineReasons(
  pool: Pool,
  filter: QuarantineFilter = {},
): Promise<QuarantineReason[]> {
  const { rows } = await pool.query<QuarantineReason>(
    `select reason, count(*)::int as messages, min(quarantined_at) as "firstAt", max(quarantined_at) as "lastAt"
     from quarantine where ${FILTER} group by reason order by messages desc, reason`,
    filterValues(filter),
  );
  return rows;
}

/** The youngest messages, without their bodies. */
export async function readQuarantinedMessages(
  pool: Pool,
  filter: QuarantineFilter,
  limit: number,
): Promise<QuarantinedMessage[]> {
  const { rows } = await pool.query<QuarantinedMessage>(
    `select ${COLUMNS} from quarantine where ${FILTER} order by quarantined_at desc, message_id limit $3`,
    [...filterValues(filter), limit],
  );
  return rows;
}

/** Messages with their sealed bodies, by message id from one on: a page of a walk through all of them. */
export async function readSealedMessages(
  db: Pool | PoolClient,
  filter: QuarantineFilter,
  page: { after?: string; limit: number },
): Promise<SealedMessage[]> {
  const { rows } = await db.query<SealedMessage>(
    `select ${COLUMNS}, sealed_body as "sealedBody" from quarantine
     where ${FILTER} and message_id > $3 order by message_id limit $4`,
    [...filterValues(filter), page.after ?? '', page.limit],
  );
  return rows;
}
