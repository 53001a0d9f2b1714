import type { Client } from '@temporalio/client';
import { addCounts } from '../../domain/counts.ts';
import type { Progress } from '../../domain/progress.ts';
import { queryProgress } from './query-progress.ts';

type Known = Pick<Progress, 'counts' | 'chosen'>;

/**
 * Returns the current counts of a run, including the shards that it has not added yet, and what it chose.
 * @param progress the run's answer, if it is asked already
 */
export async function runCounts(
  client: Client,
  workflowId: string,
  openShards: readonly string[] = [],
  progress: Promise<unknown> = queryProgress(client, workflowId),
): Promise<Known | undefined> {
  const answers = await Promise.all([
    progress,
    ...openShards.map((id) => queryProgress(client, id)),
  ]);
  const [own, ...shards] = answers as (Partial<Known> | undefined)[];
  if (!own?.counts) return undefined;
  const { chosen } = own;
  const counts = { ...own.counts };
  for (const shard of shards) addCounts(counts, shard?.counts ?? {});
  return { counts, chosen };
}
