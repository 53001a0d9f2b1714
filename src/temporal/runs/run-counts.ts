import type { Client } from '@temporalio/client';
import { addCounts } from '../../domain/counts.ts';
import type { Progress } from '../../domain/progress.ts';
import { queryProgress } from './query-progress.ts';

type Known = Pick<Progress, 'counts' | 'chosen'>;

/** Returns the current counts of a run, including the shards that it has not added yet, and what it chose. */
export async function runCounts(
  client: Client,
  workflowId: string,
  openShards: readonly string[] = [],
): Promise<Known | undefined> {
  const [own, ...shards] = await Promise.all(
    [workflowId, ...openShards].map(async (id) => {
      const answer = await queryProgress(client, id);
      return answer as Partial<Known> | undefined;
    }),
  );
  if (!own?.counts) return undefined;
  const { counts, chosen } = own;
  for (const shard of shards) addCounts(counts, shard?.counts ?? {});
  return { counts, chosen };
}
