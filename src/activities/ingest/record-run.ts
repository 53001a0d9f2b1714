import type { Pool } from 'pg';
import type { RunRecord } from '../../domain/run-record.ts';
import { closeRun } from '../../postgres/runs/close-run.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export type RecordRunDependencies = {
  pool: Pool;
  workerBuild: string;
  /** Whether the namespace has our search attributes. */
  searchable: boolean;
};

export const createRecordRunActivity = ({
  pool,
  workerBuild,
  searchable,
}: RecordRunDependencies) => ({
  /** Closes the run in the ledger. Its answer tells the workflow, by way of the history, what it may set. */
  recordRun: (record: RunRecord): Promise<{ searchable: boolean }> =>
    withHeartbeat('recordRun', async () => {
      await closeRun(pool, record, workerBuild);
      return { searchable };
    }),
});
