import type { Pool } from 'pg';
import { readTableSizes } from '../../postgres/logins/read-table-sizes.ts';
import { meter } from '../meter.ts';
import type { Source } from './sampler.ts';

export function tablesSource(pool: Pool): Source {
  const rows = meter().createGauge(
    'login_etl_table_rows',
    'float',
    undefined,
    'Rows of a table; of a large one an estimate',
  );
  const size = meter().createGauge(
    'login_etl_table_bytes',
    'float',
    undefined,
    'Size of a table with its partitions and indexes',
  );
  return {
    name: 'tables',
    async sample() {
      for (const { table, ...is } of await readTableSizes(pool)) {
        rows.set(is.rows, { table });
        size.set(is.bytes, { table });
      }
    },
  };
}
