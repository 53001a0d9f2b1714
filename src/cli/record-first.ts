import type { Pool } from 'pg';
import { judge } from '../activities/failure.ts';
import {
  type AuditReceipt,
  type AuditRecord,
  appendAuditRecord,
} from '../postgres/append-audit-record.ts';
import { Problem } from '../problem.ts';

/**
 * Commits the audit record of what comes next.
 * @throws Problem when there is none: then nothing may come next
 */
export async function recordFirst(pool: Pool, record: AuditRecord): Promise<AuditReceipt> {
  try {
    return await appendAuditRecord(pool, record);
  } catch (error) {
    const { code, ruling } = judge(error);
    throw new Problem(
      'nothing was opened, shown or changed',
      `its audit record could not be written: ${ruling.advice} (${code})`,
      'Set DATABASE_URL to a user in the role login_etl_custodian, and see that Postgres takes writes.',
    );
  }
}
