import type { Pool } from 'pg';

export type QuarantinedMessage = {
  messageId: string;
  reason: string;
  /** All of its faults; only the reason where an earlier build quarantined it. */
  faults: string[];
  sentAt: Date;
  quarantinedAt: Date;
  vaultKeyId: string;
  /** The size of the sealed body. */
  bytes: number;
};

export type SealedMessage = QuarantinedMessage & { sealedBody: Buffer };

export type QuarantineReason = {
  reason: string;
  messages: number;
  firstAt: Date;
  lastAt: Date;
};

/** Selects the messages that match all given fields. */
export type QuarantineFilter = { reason?: string | undefined; messageIds?: readonly string[] };

const COLUMNS = `message_id as "messageId", reason, coalesce(faults, array[reason]) as faults, sent_at as "sentAt", quarantined_at as "quarantinedAt",
    vault_key_id as "vaultKeyId", octet_length(sealed_body) as bytes`;

const FILTER = `($1::text is null or reason = $1) and ($2::text[] is null or message_id = any($2))`;

const filterValues = ({ reason, messageIds }: QuarantineFilter) => [
  reason ?? null,
  messageIds ?? null,
];

/** Counts the messages by reason. */
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

/** Those of the ids that are not in quarantine and were never taken out of it on the record. */
export async function readUnknownIds(pool: Pool, messageIds: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from unnest($1::text[]) as id
     where not exists (select from quarantine where message_id = id)
       and not exists (select from quarantine_departures where message_id = id)`,
    [messageIds],
  );
  return rows.map(({ id }) => id);
}

/** Reads the latest messages, without their bodies. */
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

type SealedPage = {
  /** The last message id of the previous page. */
  after?: string;
  limit: number;
  /** The limit for all sealed bodies; a page always has at least one message. */
  maxBytes: number;
};

/** Reads a page of messages with their sealed bodies, in the order of message ids. */
export async function readSealedMessages(
  pool: Pool,
  filter: QuarantineFilter,
  { after = '', limit, maxBytes }: SealedPage,
): Promise<SealedMessage[]> {
  const { rows } = await pool.query<SealedMessage>(
    `with page as (
       select message_id as id, octet_length(sealed_body) as length from quarantine
       where ${FILTER} and message_id > $3 order by message_id limit $4
     ), measured as (
       select id, sum(length) over (order by id) - length as bytes_before from page
     )
     select ${COLUMNS}, sealed_body as "sealedBody" from measured join quarantine on message_id = id
     where bytes_before = 0 or bytes_before + octet_length(sealed_body) <= $5 order by message_id`,
    [...filterValues(filter), after, limit, maxBytes],
  );
  return rows;
}
