import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import {
  type InsertRequest,
  type InsertResult,
  type Receipt,
  type Rejected,
  type SplitBatch,
  splitBatch,
  splitOffRefused,
} from '../../batch/batch.ts';
import { type PartCache, PartRefused } from '../../batch/part-cache.ts';
import { newDataKey, sealBody, type VaultPublicKey } from '../../crypto/vault/vault-envelope.ts';
import { RowsNotStored } from '../../errors/table-trouble.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { type InsertProgress, insertWhatFits } from './insert-what-fits.ts';
import { KnownOriginals } from './known-originals.ts';
import { vaultWriter } from './vault-writer.ts';

export type InsertDependencies = {
  pool: Pool;
  parts: PartCache;
  vaultPublicKey: VaultPublicKey;
  /** Goes into the ledger. */
  workerBuild: string;
  /** How many rows that Postgres refuses a run may quarantine for one reason. */
  quarantineLimit?: number | undefined;
  known?: KnownOriginals;
};

export const createInsertActivity = ({
  pool,
  parts,
  vaultPublicKey,
  workerBuild,
  quarantineLimit,
  known = new KnownOriginals(),
}: InsertDependencies) => ({
  /**
   * Commits rows, the originals of their masked values and quarantined messages together. Doing it again changes
   * nothing and counts duplicates.
   */
  insertBatch: (request: InsertRequest): Promise<InsertResult> =>
    withHeartbeat('insertBatch', async (report) => {
      const { batchId, ...opened } = await openBatch(parts, request);
      const { quarantine, ...division } = request.refused
        ? splitOffRefused(opened, request.refused)
        : splitBatch(opened);
      const limit = request.refused && { limitPerReason: quarantineLimit };
      const batch = {
        ...division,
        quarantine: { ...sealQuarantine(vaultPublicKey, quarantine), ...limit },
        batch: request.batch,
        ofRefused: request.refused !== undefined,
        replayId: request.replayId,
        workerBuild,
      };
      const context = Context.current();
      const stored = await insertWhatFits(batch, {
        pool,
        vaultFor: (rows) => vaultWriter(vaultPublicKey, rows, known),
        progress: progressOf(context.info.heartbeatDetails, batchId),
        onProgress: (progress) => report({ ...progress, batchId }),
        signal: context.cancellationSignal,
      });
      expectAllStored(stored, batch.messageIds.length + quarantine.messageIds.length);
      return {
        ...stored,
        holder: parts.holder,
        ...(batchId !== undefined && {
          receipt: await confirm(parts, batchId, request, stored.refused),
        }),
        reasons: tally(quarantine.reasons),
        ...oldest([...batch.sentAtMs, ...quarantine.sentAtMs]),
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

/** The batch is acknowledged next: each of its messages was found in a table, or is refused and quarantined before. */
function expectAllStored(
  { inserted, duplicates, quarantined, refused }: Awaited<ReturnType<typeof insertWhatFits>>,
  messages: number,
): void {
  if (inserted + duplicates + quarantined + refused.length !== messages) {
    throw new RowsNotStored('user_logins');
  }
}

function tally(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

const oldest = (sentAtMs: readonly number[]) =>
  sentAtMs.length === 0 ? {} : { oldestSentAtMs: sentAtMs.reduce((a, b) => Math.min(a, b)) };

/** @throws PartRefused when the parts are not all of one batch, or not all of it */
async function openBatch(parts: PartCache, request: InsertRequest) {
  const ids = await parts.open('ids', request.ids);
  const masked = await parts.open('masked', request.masked);
  const bodies = request.bodies && (await parts.open('bodies', request.bodies));
  const batchId = ids.batch;
  const { rows, rejected } = masked.value;
  const isWhole = ids.value.messageIds.length === rows.userIds.length + rejected.length;
  const isOne = [masked, bodies].every((part) => !part || part.batch === batchId);
  // A build before 0.4 gave its parts no batch.
  if (batchId !== undefined && !(isOne && isWhole && (await isNext(parts, request, batchId)))) {
    throw new PartRefused('the parts of a batch do not belong together');
  }
  return { batchId, ids: ids.value, masked: masked.value, bodies: bodies?.value ?? [] };
}

/** Rows are quarantined as refused only if the insert before, of the same batch, had exactly these refused. */
async function isNext(
  parts: PartCache,
  { refused, receipt }: InsertRequest,
  batchId: string,
): Promise<boolean> {
  if (!refused) return true;
  if (!receipt) return false;
  const { value, batch } = await parts.open('receipt', receipt);
  return batch === batchId && value.refused.join() === refused.map(({ index }) => index).join();
}

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

function sealQuarantine(vault: VaultPublicKey, { bodies, ...columns }: SplitBatch['quarantine']) {
  const dataKey = newDataKey(vault);
  return {
    ...columns,
    sealedBodies: bodies.map((body, index) =>
      sealBody(dataKey, body, columns.messageIds[index] as string),
    ),
    vaultKeyId: dataKey.vaultKeyId,
  };
}
