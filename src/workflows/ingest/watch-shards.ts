import {
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { clearSummary } from '../../domain/clear-text.ts';
import type { Counts } from '../../domain/counts.ts';
import { COUNT_SHARDS } from '../activity-options.ts';
import { childId } from './drain-in-child.ts';

/** Up to 0.3.0 a run added the counts of a shard when the shard ended. */
const COUNTS_OPEN_SHARDS = 'counts-open-shards';

const FIRST_LOOK_MS = 5_000;
/** A look costs about ten events, so they get rarer: the counts are at most a tenth of the run's time old. */
const SHARE_OF_TIME = 0.1;

/**
 * Asks the open shards for their counts from time to time, until it is stopped.
 * @param open returns their names
 * @param onCounts called with a shard's name and counts
 * @returns stops it
 */
export function watchShards(
  open: () => string[],
  onCounts: (counts: ReadonlyMap<string, Counts>) => void,
): () => void {
  if (!patched(COUNTS_OPEN_SHARDS)) return () => undefined;
  const begunAtMs = Date.now();
  const scope = new CancellationScope();
  const watching = scope.run(async () => {
    for (;;) {
      await sleep(Math.max(FIRST_LOOK_MS, (Date.now() - begunAtMs) * SHARE_OF_TIME));
      const names = open();
      if (names.length > 0) onCounts(await countsOf(names));
    }
  });
  watching.catch(() => undefined);
  return () => scope.cancel();
}

/** Those that answer. */
async function countsOf(names: string[]): Promise<Map<string, Counts>> {
  const { countShards } = proxyActivities<Activities>({
    ...COUNT_SHARDS,
    cancellationType: 'TRY_CANCEL',
    summary: clearSummary(`count ${names.length} open shards`),
  });
  try {
    const { counts } = await countShards({ workflowIds: names.map(childId) });
    return new Map(
      names.flatMap((name, at): [string, Counts][] => {
        const known = counts[at];
        return known ? [[name, known]] : [];
      }),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    return new Map();
  }
}
