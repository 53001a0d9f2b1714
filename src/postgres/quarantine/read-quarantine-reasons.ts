import type { Pool } from 'pg';

export type QuarantineReason = { reason: string; messages: number; lastAt: Date };

const REASONS = `
  select reason, messages::float8 as messages, last_at as "lastAt"
  from quarantine_reasons order by last_at desc, reason`;

/** Counts quarantined messages by reason, the latest reason first. */
export async function readQuarantineReasons(pool: Pool): Promise<QuarantineReason[]> {
  return (await pool.query<QuarantineReason>(REASONS)).rows;
}
