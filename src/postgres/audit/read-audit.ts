import type { Pool } from 'pg';
import type { AuditLink } from '../../domain/verify-audit.ts';

/** Limits memory: a record's detail has up to 256 KiB. */
const PAGE_SIZE = 200;
const BEFORE_ALL = '-9223372036854775808';

/**
 * Builds the text of audit_record() from the columns, since the table's owner could replace the function with one that
 * returns the text from before a change.
 */
const READ_LINKS = `
  select id::text, encode(previous_hash, 'hex') as "previousHash", encode(hash, 'hex') as hash,
    pg_catalog.jsonb_build_array(
      pg_catalog.encode(previous_hash, 'hex'), id,
      pg_catalog.to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, action, reason, detail
    )::text as text
  from audit_log where audit_log.id > $1 order by audit_log.id limit ${PAGE_SIZE}`;

/** Reads every record in the order of the chain. */
export async function* readAuditLinks(pool: Pool): AsyncGenerator<AuditLink> {
  for (let after = BEFORE_ALL; ; ) {
    const { rows } = await pool.query<AuditLink>(READ_LINKS, [after]);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_SIZE) return;
    after = last.id;
  }
}

export type AuditEntry = {
  id: string;
  at: Date;
  actor: string;
  action: string;
  reason: string;
  detail: Record<string, unknown>;
};

const READ_LATEST = `
  select id::text, at, actor, action, reason, detail from audit_log
  where ($1::timestamptz is null or at >= $1) and ($2::text is null or action = $2)
  order by audit_log.id desc limit $3`;

/** The latest records, oldest first. */
export async function readLatestAudit(
  pool: Pool,
  {
    since,
    action,
    limit,
  }: { since?: Date | undefined; action?: string | undefined; limit: number },
): Promise<AuditEntry[]> {
  const { rows } = await pool.query<AuditEntry>(READ_LATEST, [since, action, limit]);
  return rows.reverse();
}
