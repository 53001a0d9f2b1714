import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import {
  type InsertMeans,
  insertWhatFits,
} from '../../../src/activities/ingest/insert-what-fits.ts';
import type { BatchTag, SealedOriginals } from '../../../src/batch/batch.ts';
import type { MaskedField } from '../../../src/domain/login/login-columns.ts';
import { noRows } from '../../../src/domain/login/login-rows.ts';
import type { BatchToInsert } from '../../../src/postgres/ingest/batch-to-insert.ts';
import type { VaultState } from '../../../src/postgres/ingest/insert-originals.ts';

export const SENT_AT_MS = Date.UTC(2026, 10, 22, 23, 59, 59, 999);

export const newIds = (count: number): string[] =>
  Array.from({ length: count }, () => randomUUID());

export const newTag = (number = 1): BatchTag => ({
  runId: randomUUID(),
  workflowId: 'workflow',
  startedAtMs: SENT_AT_MS,
  number,
});

const noVault = (): SealedOriginals => ({
  vaultKeyId: 'vault-1',
  wrappedKey: Buffer.from('wrapped'),
  fields: [],
  maskedValues: [],
  sealedValues: [],
});

const columnsOf = (originals: readonly (readonly [MaskedField, string])[]) => ({
  fields: originals.map(([field]) => field),
  maskedValues: originals.map(([, hex]) => hex),
  sealedValues: originals.map(([, hex]) => Buffer.from(`sealed ${hex}`)),
});

/** A batch that stores the ones and quarantines the others. */
export function batchToInsert({
  rowIds = [],
  quarantineIds = [],
  tag = newTag(),
  userId = (index: number) => `user-${index}`,
  originals = [],
  sentAtMs = SENT_AT_MS,
}: {
  rowIds?: readonly string[];
  quarantineIds?: readonly string[];
  tag?: BatchTag;
  userId?: (index: number) => string;
  sentAtMs?: number;
  /** Of the vault: field and masked value. */
  originals?: readonly (readonly [MaskedField, string])[];
}): BatchToInsert {
  const column = (value: (index: number) => string) => rowIds.map((_, index) => value(index));
  return {
    batch: tag,
    workerBuild: 'test',
    messageIds: rowIds,
    sentAtMs: rowIds.map(() => sentAtMs),
    rows: {
      ...noRows(),
      userIds: column(userId),
      deviceTypes: column(() => 'android'),
      maskedIps: column((index) => `ip-${index}`),
      maskedDeviceIds: column((index) => `device-${index}`),
      locales: rowIds.map((_, index) => (index % 2 === 0 ? 'RU' : null)),
      appVersions: column(() => '2.3.0'),
    },
    maskKeyId: 'key-1',
    vault: async () => ({ ...noVault(), ...columnsOf(originals) }),
    quarantine: {
      messageIds: quarantineIds,
      sentAtMs: quarantineIds.map(() => SENT_AT_MS),
      reasons: quarantineIds.map(() => 'message: is not JSON'),
      sealedBodies: quarantineIds.map((id) => Buffer.from(`sealed ${id}`)),
      vaultKeyId: 'vault-1',
    },
  };
}

/** Inserts it as the activity does; its originals are sealed as they stand. */
export function insertFitting(
  pool: Pool,
  { vault, ...batch }: BatchToInsert,
  means: Partial<InsertMeans> = {},
) {
  const originals = {
    ips: batch.rows.maskedIps.map((hex) => `original of ${hex}`),
    deviceIds: batch.rows.maskedDeviceIds.map((hex) => `original of ${hex}`),
  };
  const vaultFor = () => ({
    seal: (state: VaultState) => vault(state, new Set()),
    committed: () => undefined,
  });
  return insertWhatFits({ ...batch, originals }, { pool, vaultFor, ...means });
}
