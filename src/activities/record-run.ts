import type { Pool } from 'pg';
import type { RunRecord } from '../domain/run-record.ts';
import { closeRun } from '../postgres/close-run.ts';
import { guarded } from './guarded.ts';

export const createRecordRunActivity = ({
  pool,
  workerBuild,
}: {
  pool: Pool;
  workerBuild: string;
}) => ({
  /** Closes the run in the ledger. */
  recordRun: (record: RunRecord): Promise<void> =>
    guarded('recordRun', () => closeRun(pool, record, workerBuild)),
});
