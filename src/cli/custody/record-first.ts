import type { Pool } from 'pg';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import {
  type AuditReceipt,
  type AuditRecord,
  appendAuditRecord,
} from '../../postgres/audit/append-audit-record.ts';

/**
 * Commits the audit record of what comes next.
 * @throws Problem when there is none: then nothing may come next
 */
export async function recordFirst(pool: Pool, record: AuditRecord): Promise<AuditReceipt> {
  try {
    return await appendAuditRecord(pool, record);
  } catch (error) {
    const what = 'nothing was opened, shown or changed';
    if (error instanceof Problem) throw new Problem(what, error.why, error.whatToDo);
    const { code, policy } = classifyError(error);
    throw new Problem(
      what,
      `its audit record could not be written: ${policy.advice} (${code})`,
      'Set DATABASE_URL to a user in the role login_etl_custodian, and see that Postgres takes writes.',
    );
  }
}
