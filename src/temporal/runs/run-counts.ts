import type { Client } from '@temporalio/client';
import { addCounts, type Counts } from '../../domain/counts.ts';
import { queryProgress } from './query-progress.ts';

/** Returns the current counts of a run, including the shards that it has not added yet. */
export async function runCounts(
  client: Client,
  workflowId: string,
  openShards: readonly string[] = [],
): Promise<Counts | undefined> {
  const [own, ...shards] = await Promise.all(
    [workflowId, ...openShards].map(async (id) => {
      const answer = await queryProgress(client, id);
      return (answer as { counts?: Counts } | undefined)?.counts;
    }),
  );
  if (!own) return undefined;
  for (const counts of shards) addCounts(own, counts ?? {});
  return own;
}
