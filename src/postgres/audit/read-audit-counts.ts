import type { Pool } from 'pg';

export type AuditCount = { action: string; records: number };

/** Of the view, which a later migration brings and not every role may read. */
const MAY_READ = `
  select coalesce(has_table_privilege(to_regclass('audit_counts'), 'select'), false) as readable`;

/** Actions are the program's own words; the limit only guards the metrics against a table gone wrong. */
const COUNTS = 'select action, records::float8 as records from audit_counts order by 1 limit 20';

/** How many audit records there are of each action; none where the view is not there. */
export async function readAuditCounts(pool: Pool): Promise<AuditCount[]> {
  const { rows } = await pool.query<{ readable: boolean }>(MAY_READ);
  if (!rows[0]?.readable) return [];
  return (await pool.query<AuditCount>(COUNTS)).rows;
}
