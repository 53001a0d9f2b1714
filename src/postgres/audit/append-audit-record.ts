import pg, { type Pool, type PoolClient } from 'pg';
import { inTransaction } from '../in-transaction.ts';

/** The detail has masked values, ids and counts; never an original. */
export type AuditRecord = { action: string; reason: string; detail: Record<string, unknown> };

/** What the record can be told by ever after. */
export type AuditReceipt = { id: string; hash: string };

const APPEND = `
  insert into audit_log (action, reason, detail) values ($1, $2, $3)
  returning id::text, encode(hash, 'hex') as hash`;

/** Writers take turns, and each has to see the record of the one before. */
const BEGIN = 'begin isolation level read committed';

/**
 * Adds a record; when, by whom and its hash are the database's to say. Given a pool it is committed on return; with
 * a client the caller commits, before anything that the record is about is shown.
 */
export async function appendAuditRecord(
  db: Pool | PoolClient,
  record: AuditRecord,
): Promise<AuditReceipt> {
  if (db instanceof pg.Pool) {
    return inTransaction(db, BEGIN, (client) => appendAuditRecord(client, record));
  }
  const { rows } = await db.query<AuditReceipt>(APPEND, [
    record.action,
    record.reason,
    JSON.stringify(record.detail),
  ]);
  return rows[0] as AuditReceipt;
}
