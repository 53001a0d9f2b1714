import type { Pool } from 'pg';
import {
  type InsertRequest,
  type MaskedMessages,
  type MessageIds,
  type SplitBatch,
  splitBatch,
  splitOffRefused,
} from '../../batch/batch.ts';
import { type PartCache, PartRefused } from '../../batch/part-cache.ts';
import { newDataKey, sealBody, type VaultPublicKey } from '../../crypto/vault/vault-envelope.ts';
import { RowsNotStored } from '../../errors/table-trouble.ts';
import { type InsertMeans, insertWhatFits } from './insert-what-fits.ts';
import type { KnownOriginals } from './known-originals.ts';
import { vaultWriter } from './vault-writer.ts';

export type StoreDependencies = {
  pool: Pool;
  vaultPublicKey: VaultPublicKey;
  /** Goes into the ledger. */
  workerBuild: string;
  /** How many rows that Postgres refuses a run may quarantine for one reason. */
  quarantineLimit?: number | undefined;
};

export type OpenedRequest = {
  /** Undefined for parts of builds before 0.4. */
  batchId: string | undefined;
  ids: MessageIds;
  masked: MaskedMessages;
  bodies: readonly string[];
};

/** @throws PartRefused when the parts are not all of one batch, or not all of it */
export async function openRequest(
  parts: Pick<PartCache, 'open'>,
  request: InsertRequest,
): Promise<OpenedRequest> {
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
  parts: Pick<PartCache, 'open'>,
  { refused, receipt }: InsertRequest,
  batchId: string,
): Promise<boolean> {
  if (!refused) return true;
  if (!receipt) return false;
  const { value, batch } = await parts.open('receipt', receipt);
  return batch === batchId && value.refused.join() === refused.map(({ index }) => index).join();
}

/**
 * Commits a batch, with the originals and quarantined messages sealed.
 * @param recovery the request of the recovery that does the insert again
 */
export async function storeRequest(
  { pool, vaultPublicKey, workerBuild, quarantineLimit }: StoreDependencies,
  known: KnownOriginals,
  { batch: tag, refused, replayId }: Pick<InsertRequest, 'batch' | 'refused' | 'replayId'>,
  opened: OpenedRequest,
  means: Omit<InsertMeans, 'pool' | 'vaultFor'> = {},
  recovery?: string,
) {
  const { quarantine, ...division } = refused
    ? splitOffRefused(opened, refused)
    : splitBatch(opened);
  const batch = {
    ...division,
    quarantine: {
      ...sealQuarantine(vaultPublicKey, quarantine),
      ...(refused && { limitPerReason: quarantineLimit }),
    },
    batch: tag,
    ofRefused: refused !== undefined,
    replayId,
    recovery,
    workerBuild,
  };
  const vaultFor: InsertMeans['vaultFor'] = (rows) => vaultWriter(vaultPublicKey, rows, known);
  const stored = await insertWhatFits(batch, { ...means, pool, vaultFor });
  expectAllStored(stored, batch.messageIds.length + quarantine.messageIds.length);
  return {
    stored,
    reasons: quarantine.reasons,
    sentAtMs: [...batch.sentAtMs, ...quarantine.sentAtMs],
  };
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
