import type { Pool } from 'pg';
import type { RetentionDone, RetentionPolicy } from '../../domain/tables/retention.ts';
import type { TablesState } from '../../domain/tables/tables-state.ts';
import { MONTHS_WITHOUT_PARTITION } from './make-months.ts';
import { readBackups } from './read-month-facts.ts';
import { readDetached, readMonths } from './read-months.ts';

const DEFAULT_ROWS = 'select login_etl_default_rows()::int as rows';

const MAINTENANCE = 'select task, finished_at as "finishedAt", detail from maintenance';

type Maintenance = {
  task: 'partitions' | 'retention';
  finishedAt: Date;
  detail: Partial<RetentionDone> & { policy?: RetentionPolicy };
};

/** What the maintenance has to do with. */
export async function readTables(pool: Pool): Promise<TablesState> {
  // One after the other: the pool of a worker's metrics is small.
  const months = await readMonths(pool);
  const missing = await pool.query<{ month: string }>(MONTHS_WITHOUT_PARTITION);
  const detached = await readDetached(pool);
  const defaults = await pool.query<{ rows: number }>(DEFAULT_ROWS);
  const backups = await readBackups(pool);
  const maintenance = await pool.query<Maintenance>(MAINTENANCE);
  const last = (task: Maintenance['task']) => maintenance.rows.find((row) => row.task === task);
  const retention = last('retention');
  return {
    months,
    missing: missing.rows.map(({ month }) => month.slice(0, 7)),
    detached,
    defaultRows: defaults.rows[0]?.rows ?? 0,
    backups,
    maintainedAt: last('partitions')?.finishedAt ?? null,
    retention: retention?.detail.policy
      ? {
          at: retention.finishedAt,
          policy: retention.detail.policy,
          waiting: retention.detail.waiting ?? [],
        }
      : null,
  };
}
