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
import { insertBatch } from '../../postgres/ingest/insert-batch.ts';
import { withHeartbeat } from '../with-heartbeat.ts';
import { insertWhatFits } from './insert-what-fits.ts';
import { KnownOriginals } from './known-originals.ts';
import { vaultWriter } from './vault-writer.ts';

export type InsertDependencies = {
  pool: Pool;
  parts: PartCache;
  vaultPublicKey: VaultPublicKey;
  /** Goes into the ledger. */
  workerBuild: string;
  known?: KnownOriginals;
};

export const createInsertActivity = ({
  pool,
  parts,
  vaultPublicKey,
  workerBuild,
  known = new KnownOriginals(),
}: InsertDependencies) => ({
  /**
   * Commits rows, the originals of their masked values and quarantined messages together. Doing it again changes
   * nothing and counts duplicates.
   */
  insertBatch: (request: InsertRequest): Promise<InsertResult> =>
    withHeartbeat('insertBatch', async () => {
      const { quarantine, ...division } = await openDivision(parts, request);
      const batch = {
        ...division,
        quarantine: sealQuarantine(vaultPublicKey, quarantine),
        batch: request.batch,
        replayId: request.replayId,
        workerBuild,
      };
      const stored = await insertWhatFits(batch, async ({ originals, ...rest }) => {
        const vault = vaultWriter(vaultPublicKey, rest.rows, originals, known);
        const counts = await insertBatch(pool, { ...rest, vault: vault.seal });
        vault.committed();
        return counts;
      });
      const total = batch.messageIds.length + quarantine.messageIds.length - stored.refused.length;
      return {
        ...stored,
        holder: parts.holder,
        duplicates: total - stored.inserted - stored.quarantined,
        reasons: tally(quarantine.reasons),
        ...oldest([...batch.sentAtMs, ...quarantine.sentAtMs]),
      };
    }),
});

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
