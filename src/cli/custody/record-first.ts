import type { Pool } from 'pg';
import { classifyError } from '../../errors/classify-error.ts';
import { Problem } from '../../errors/problem.ts';
import {
  type AuditReceipt,
  type AuditRecord,
  appendAuditRecord,
} from '../../postgres/audit/append-audit-record.ts';

/**
 * Commits the audit record of an act before the act.
 * @throws Problem when it cannot be written: the act must not take place
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
      'This needs the role login_etl_custodian: set DATABASE_URL to a database user that has it, and check that Postgres accepts writes.',
    );
  }
}
