import type { Pool } from 'pg';
import { newDataKey, sealAlone, type VaultPublicKey } from '../crypto/vault.ts';
import type { InsertRequest, InsertResult } from '../domain/batch.ts';
import { guarded } from './guarded.ts';
import { insertWhatFits } from './insert-what-fits.ts';

export type InsertDependencies = {
  pool: Pool;
  vaultPublicKey: VaultPublicKey;
  /** Goes into the ledger. */
  workerBuild: string;
};

export const createInsertActivity = ({
  pool,
  vaultPublicKey,
  workerBuild,
}: InsertDependencies) => ({
  /** Commits rows and quarantined messages together. Doing it again changes nothing and counts duplicates. */
  insertBatch: (request: InsertRequest): Promise<InsertResult> =>
    guarded('insertBatch', async () => {
      const { messageIds, sentAtMs, reasons, bodies } = request.quarantine;
      const dataKey = newDataKey(vaultPublicKey);
      const stored = await insertWhatFits(pool, {
        ...request,
        workerBuild,
        quarantine: {
          messageIds,
          sentAtMs,
          reasons,
          sealedBodies: bodies.map((body, index) =>
            sealAlone(dataKey, body, messageIds[index] as string),
          ),
          vaultKeyId: dataKey.vaultKeyId,
        },
      });
      const total = request.messageIds.length + messageIds.length - stored.refused.length;
      return { ...stored, duplicates: total - stored.inserted - stored.quarantined };
    }),
});
