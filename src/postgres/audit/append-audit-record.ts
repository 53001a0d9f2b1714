import pg, { type Pool, type PoolClient } from 'pg';
import { boundedTransaction } from '../bounded-transaction.ts';

/** The detail contains masked values, ids and counts, never an original. */
export type AuditRecord = { action: string; reason: string; detail: Record<string, unknown> };

export type AuditReceipt = { id: string; hash: string };

const APPEND = `
  insert into audit_log (action, reason, detail) values ($1, $2, $3)
  returning id::text, encode(hash, 'hex') as hash`;

/**
 * Appends a record; the database sets its time, actor and hash. With a pool, the record is committed on return. With the
 * client of a bounded transaction, the caller must commit before it shows anything that the record covers.
 * @throws LockedOut when another session holds the audit log
 */
export async function appendAuditRecord(
  db: Pool | PoolClient,
  record: AuditRecord,
): Promise<AuditReceipt> {
  if (db instanceof pg.Pool) {
    return boundedTransaction(db, undefined, (client) => appendAuditRecord(client, record));
  }
  const { rows } = await db.query<AuditReceipt>(APPEND, [
    record.action,
    record.reason,
    JSON.stringify(record.detail),
  ]);
  return rows[0] as AuditReceipt;
}
