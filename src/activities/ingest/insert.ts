import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import {
  type InsertRequest,
  type InsertResult,
  type SplitBatch,
  splitBatch,
  splitOffRefused,
} from '../../batch/batch.ts';
import type { PartCache } from '../../batch/part-cache.ts';
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
      const { quarantine, ...division } = await openDivision(parts, request);
      const limit = request.refused && { limitPerReason: quarantineLimit };
      const batch = {
        ...division,
        quarantine: { ...sealQuarantine(vaultPublicKey, quarantine), ...limit },
        batch: request.batch,
        replayId: request.replayId,
        workerBuild,
      };
      const context = Context.current();
      const stored = await insertWhatFits(batch, {
        pool,
        vaultFor: (rows, originals) => vaultWriter(vaultPublicKey, rows, originals, known),
        progress: context.info.heartbeatDetails as InsertProgress | undefined,
        onProgress: report,
        signal: context.cancellationSignal,
      });
      expectAllStored(stored, batch.messageIds.length + quarantine.messageIds.length);
      return {
        ...stored,
        holder: parts.holder,
        reasons: tally(quarantine.reasons),
        ...oldest([...batch.sentAtMs, ...quarantine.sentAtMs]),
      };
    }),
});

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

async function openDivision(parts: PartCache, request: InsertRequest): Promise<SplitBatch> {
  const opened = {
    ids: await parts.open(request.ids),
    masked: await parts.open(request.masked),
    bodies: request.bodies ? await parts.open(request.bodies) : [],
  };
  return request.refused ? splitOffRefused(opened, request.refused) : splitBatch(opened);
}

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
