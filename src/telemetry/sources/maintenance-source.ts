import type { Pool } from 'pg';
import { isRetentionOn, monthsAhead, nextDropAt } from '../../domain/tables/tables-state.ts';
import { readTables } from '../../postgres/partitions/read-tables.ts';
import { gauge } from '../meter.ts';
import type { Source } from './sampler.ts';

/** The partitions of `user_logins`, and what the daily maintenance last did to them. */
export function maintenanceSource(pool: Pool): Source {
  const ahead = gauge('partition_months_ahead', 'Coming months in a row that have a partition');
  const stray = gauge(
    'default_partition_rows',
    'Rows in the default partition, counted up to 100,000',
  );
  const finished = gauge('maintenance_timestamp_seconds', 'When a task of the maintenance ended');
  const waiting = gauge('retention_months_waiting', 'Months that are due and were not detached');
  const drop = gauge('next_drop_timestamp_seconds', 'When the next detached month is dropped');
  const seconds = (date: Date) => date.getTime() / 1_000;
  return {
    name: 'maintenance',
    async sample() {
      const state = await readTables(pool);
      ahead.set(monthsAhead(state, new Date()));
      stray.set(state.defaultRows);
      if (state.maintainedAt) finished.set(seconds(state.maintainedAt), { task: 'partitions' });
      const { retention } = state;
      waiting.set(retention?.waiting.length ?? 0);
      if (retention && isRetentionOn(retention.policy)) {
        finished.set(seconds(retention.at), { task: 'retention' });
      }
      const next = nextDropAt(state);
      if (next) drop.set(seconds(next));
    },
  };
}
