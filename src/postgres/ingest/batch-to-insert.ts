import type { BatchTag, SealedOriginals } from '../../batch/batch.ts';
import type { MaskedRows } from '../../domain/login/login-rows.ts';
import type { VaultState } from './insert-originals.ts';

export type RowsToInsert = {
  batch: BatchTag;
  messageIds: readonly string[];
  sentAtMs: readonly number[];
  rows: MaskedRows;
  maskKeyId: string;
};

export type BatchToInsert = RowsToInsert & {
  workerBuild: string;
  /**
   * Seals what the vault lacks, given its state (`known-originals.ts`).
   * @param leftOut places of rows that are not stored
   */
  vault: (vaultState: VaultState, leftOut: ReadonlySet<number>) => Promise<SealedOriginals>;
  replayId?: string | undefined;
  /** The request of the recovery that does this insert again. */
  recovery?: string | undefined;
  /** Whether it is the second insert of a batch, which quarantines the rows that Postgres refused. */
  ofRefused?: boolean;
  /** Rows that Postgres refused before, and that are left out. */
  refusedBefore?: number;
  /** The rows were committed before by transactions of this step: those that are there are the batch's own. */
  storedInChunks?: boolean;
  /** Not the whole batch, whose record is written with the rest. */
  isPart?: boolean;
  /** Messages of the batch that are left out, since another batch has stored them. */
  storedBefore?: readonly { messageId: string; sentAtMs: number }[];
  quarantine: {
    messageIds: readonly string[];
    sentAtMs: readonly number[];
    reasons: readonly string[];
    /** Of messages with several faults. */
    faults?: readonly (readonly string[] | undefined)[];
    sealedBodies: readonly Buffer[];
    vaultKeyId: string;
    /** How many messages the run may quarantine for one of these reasons. */
    limitPerReason?: number | undefined;
  };
};

/** Each message of the batch is counted once, and its id was found in one of the two tables. */
export type StoredCounts = { inserted: number; duplicates: number; quarantined: number };
