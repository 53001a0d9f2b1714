import type { Client } from '@temporalio/client';
import { addCounts, type Counts } from '../../domain/counts.ts';
import type { Progress } from '../../domain/progress.ts';

const QUERY_TIMEOUT_MS = 2_000;

/** The counts so far of a run, and of those of its shards that it has not counted yet. */
export async function runCounts(
  client: Client,
  workflowId: string,
  openShards: readonly string[] = [],
): Promise<Counts | undefined> {
  const [own, ...shards] = await Promise.all(
    [workflowId, ...openShards].map((id) => workflowCounts(client, id)),
  );
  if (!own) return undefined;
  for (const counts of shards) addCounts(own, counts ?? {});
  return own;
}

/** Undefined when nobody answers: no worker is up, or the run has only just begun. */
async function workflowCounts(client: Client, workflowId: string): Promise<Counts | undefined> {
  try {
    const { counts } = await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId).query<Progress>('progress'),
    );
    return counts;
  } catch {
    return undefined;
  }
}
