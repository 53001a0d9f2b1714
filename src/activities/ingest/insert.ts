import { Context } from '@temporalio/activity';
import type { InsertRequest, InsertResult, Receipt, Rejected } from '../../batch/batch.ts';
import type { PartCache } from '../../batch/part-cache.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import type { InsertProgress } from './insert-what-fits.ts';
import { KnownOriginals } from './known-originals.ts';
import { openRequest, type StoreDependencies, storeRequest } from './store-request.ts';

export type InsertDependencies = StoreDependencies & { parts: PartCache; known?: KnownOriginals };

export const createInsertActivity = ({
  parts,
  known = new KnownOriginals(),
  ...dependencies
}: InsertDependencies) => ({
  /**
   * Commits rows, the originals of their masked values and quarantined messages together. Doing it again changes
   * nothing and counts duplicates.
   */
  insertBatch: (request: InsertRequest): Promise<InsertResult> =>
    withHeartbeat('insertBatch', async (report) => {
      const opened = await openRequest(parts, request);
      const { batchId } = opened;
      const context = Context.current();
      const { stored, reasons, sentAtMs } = await storeRequest(
        dependencies,
        known,
        request,
        opened,
        {
          progress: progressOf(context.info.heartbeatDetails, batchId),
          onProgress: (progress) => report({ ...progress, batchId }),
          signal: context.cancellationSignal,
        },
      );
      return {
        ...stored,
        holder: parts.holder,
        ...(batchId !== undefined && {
          receipt: await confirm(parts, batchId, request, stored.refused),
        }),
        reasons: tally(reasons),
        ...oldest(sentAtMs),
      };
    }),
});

/** An earlier attempt's. Anyone in the namespace can send a heartbeat that they copied: one of another batch means nothing. */
function progressOf(details: unknown, batchId: string | undefined): InsertProgress | undefined {
  const progress = details as (InsertProgress & { batchId?: string }) | undefined;
  // A build before 0.4 counted rows otherwise.
  const isOurs = batchId !== undefined && progress?.batchId === batchId && progress.storedBefore;
  return isOurs ? progress : undefined;
}

function tally(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

const oldest = (sentAtMs: readonly number[]) =>
  sentAtMs.length === 0 ? {} : { oldestSentAtMs: sentAtMs.reduce((a, b) => Math.min(a, b)) };

const confirm = (
  parts: PartCache,
  batchId: string,
  { batch: { runId, number }, refused: before }: InsertRequest,
  refused: readonly Rejected[],
) =>
  parts.seal<Receipt>(
    { kind: 'receipt', batch: batchId },
    {
      refused: refused.map(({ index }) => index),
      committed: { runId, number, ofRefused: before !== undefined },
    },
  );
