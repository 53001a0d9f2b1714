import type { Pool } from 'pg';
import { AUDIT_ORIGIN } from '../../domain/verify-audit.ts';

/** The last record of the audit log: `sequence` 0 and the hash of the origin when there is none. */
export type AuditHead = { sequence: string; hash: string; at: Date | null };

export async function readAuditHead(pool: Pool): Promise<AuditHead> {
  const { rows } = await pool.query<AuditHead>(
    `select id::text as sequence, encode(hash, 'hex') as hash, at from audit_log order by audit_log.id desc limit 1`,
  );
  return rows[0] ?? { sequence: '0', hash: AUDIT_ORIGIN, at: null };
}

/** Notes that a backup is complete: what was committed before it started is in it. */
export async function recordBackup(
  pool: Pool,
  { label, startedAt, finishedAt }: { label: string; startedAt: Date; finishedAt: Date },
  { sequence, hash }: AuditHead,
): Promise<void> {
  await pool.query(
    `insert into backups (label, started_at, finished_at, audit_sequence, audit_hash)
     values ($1, $2, $3, $4, decode($5, 'hex')) on conflict (label) do nothing`,
    [label, startedAt, finishedAt, sequence, hash],
  );
}
