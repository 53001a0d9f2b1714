import type { Pool } from 'pg';
import { Problem } from '../../errors/problem.ts';

/** Checks that this role can write an audit record, before anything is shown. */
export async function checkAuditWriter(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ may: boolean }>(
    `select has_table_privilege('audit_log', 'insert') and has_table_privilege('audit_log', 'select') as may`,
  );
  if (rows[0]?.may) return;
  throw new Problem(
    'nothing can be put on record',
    'the database role may not write the audit log',
    'Set DATABASE_URL to a user with the role login_etl_custodian.',
  );
}
