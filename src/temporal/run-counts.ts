import type { Client } from '@temporalio/client';
import { addCounts, type Counts, zeroCounts } from '../domain/counts.ts';

/** Answered by the SDK, with the workflow's current details; left unencrypted (`payload-converter.ts`). */
const METADATA_QUERY = '__temporal_workflow_metadata';
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

/**
 * The counts so far, from the current details that the Web UI shows too. Undefined when nobody answers: no
 * worker is up, or the run has only just begun.
 */
async function workflowCounts(client: Client, workflowId: string): Promise<Counts | undefined> {
  try {
    const { currentDetails } = await client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      client.workflow
        .getHandle(workflowId)
        .query<{ currentDetails?: string | null }>(METADATA_QUERY),
    );
    return parseCounts(currentDetails ?? '');
  } catch {
    return undefined;
  }
}

/** Reads back what `describeCounts` wrote: `12 received, 11 inserted, …`. */
export function parseCounts(details: string): Counts | undefined {
  const counts = zeroCounts();
  let found = 0;
  for (const [, number, name] of details.matchAll(/(\d+) ([a-z]+)/g)) {
    if (name === undefined || !Object.hasOwn(counts, name)) continue;
    counts[name as keyof Counts] = Number(number);
    found += 1;
  }
  return found > 0 ? counts : undefined;
}
