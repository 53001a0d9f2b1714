import type { Pool } from 'pg';
import { readAuditCounts } from '../../postgres/audit/read-audit-counts.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

export function auditSource(pool: Pool): Source {
  const records = meter().createGauge(
    'login_etl_audit_records',
    'float',
    undefined,
    'Records of the audit log, by action: reveals, decodes',
  );
  return {
    name: 'audit',
    async sample() {
      for (const { action, records: count } of await readAuditCounts(pool)) {
        records.set(count, { action });
      }
    },
  };
}
