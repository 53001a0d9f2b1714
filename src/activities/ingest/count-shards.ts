import type { Counts } from '../../domain/counts.ts';
import { withHeartbeat } from '../with-heartbeat.ts';

export type CountShardsDependencies = {
  /** The counts so far of a run that is open; null where it does not answer. */
  countsOf(workflowId: string): Promise<Counts | null>;
};

export const createCountShardsActivity = ({ countsOf }: CountShardsDependencies) => ({
  /** The counts so far of open shards, in their order. */
  countShards: ({
    workflowIds,
  }: {
    workflowIds: string[];
  }): Promise<{ counts: (Counts | null)[] }> =>
    withHeartbeat('countShards', async () => ({
      counts: await Promise.all(workflowIds.map(countsOf)),
    })),
});
