import type { Pool } from 'pg';
import { newDataKey, sealAlone, type VaultPublicKey } from '../crypto/vault.ts';
import {
  type Division,
  divide,
  divideRefused,
  type InsertRequest,
  type InsertResult,
} from '../domain/batch.ts';
import { insertBatch } from '../postgres/insert-batch.ts';
import { guarded } from './guarded.ts';
import { insertWhatFits } from './insert-what-fits.ts';
import { KnownOriginals } from './known-originals.ts';
import type { PartsInHand } from './parts-in-hand.ts';
import { vaultWriter } from './vault-writer.ts';

export type InsertDependencies = {
  pool: Pool;
  parts: PartsInHand;
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
    guarded('insertBatch', async () => {
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
      // What was refused is wanted once more.
      if (stored.refused.length === 0) {
        parts.release(request.ids, request.masked, ...(request.bodies ? [request.bodies] : []));
      }
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

async function openDivision(parts: PartsInHand, request: InsertRequest): Promise<Division> {
  const opened = {
    ids: await parts.open(request.ids),
    masked: await parts.open(request.masked),
    bodies: request.bodies ? await parts.open(request.bodies) : [],
  };
  return request.refused ? divideRefused(opened, request.refused) : divide(opened);
}

function sealQuarantine(vault: VaultPublicKey, { bodies, ...columns }: Division['quarantine']) {
  const dataKey = newDataKey(vault);
  return {
    ...columns,
    sealedBodies: bodies.map((body, index) =>
      sealAlone(dataKey, body, columns.messageIds[index] as string),
    ),
    vaultKeyId: dataKey.vaultKeyId,
  };
}
