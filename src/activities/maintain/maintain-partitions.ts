import type { Pool } from 'pg';
import type { PartitionsMaintained } from '../../domain/tables/maintenance.ts';
import { makeMonths } from '../../postgres/partitions/make-months.ts';
import { moveDefaultRows } from '../../postgres/partitions/move-default-rows.ts';
import { noteMaintenance } from '../../postgres/partitions/note-maintenance.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export const createMaintainPartitionsActivity = ({ pool }: { pool: Pool }) => ({
  /**
   * Moves rows out of the default partition and makes the partitions of the coming months. Anyone who may start workflows
   * may schedule it, so it takes nothing from its argument.
   */
  maintainPartitions: (_request: object): Promise<PartitionsMaintained> =>
    withHeartbeat('maintainPartitions', async (report) => {
      const moved = await moveDefaultRows(pool, { onSlice: report });
      const done = { moved, ...(await makeMonths(pool)) };
      await noteMaintenance(pool, 'partitions', done);
      return done;
    }),
});
