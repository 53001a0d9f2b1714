import type { Pool } from 'pg';

type AuditCount = { action: string; records: number };

/** A later migration adds the view, and not every role may read it. */
const MAY_READ = `
  select coalesce(has_table_privilege(to_regclass('audit_counts'), 'select'), false) as readable`;

/** The program's own actions. Anyone who may insert a record can invent others, which must not become label values. */
const ACTIONS = [
  ...[
    'decode',
    'erase',
    'erase-search',
    'export',
    'find',
    'lookup',
    'mask',
    'reveal',
    'rotation.begin',
    'rotation.end',
  ],
  ...['quarantine-discard', 'quarantine-edit', 'quarantine-replay', 'quarantine-show'],
];

const COUNTS = `
  select case when action = any($1) then action else 'other' end as action, sum(records)::float8 as records
  from audit_counts group by 1 order by 1`;

/** Counts the audit records by action; empty where the view is missing. */
export async function readAuditCounts(pool: Pool): Promise<AuditCount[]> {
  const { rows } = await pool.query<{ readable: boolean }>(MAY_READ);
  if (!rows[0]?.readable) return [];
  return (await pool.query<AuditCount>(COUNTS, [ACTIONS])).rows;
}
