import type { Pool, PoolClient } from 'pg';
import { createDate } from '../../domain/login/create-date.ts';
import { onTable } from '../on-table.ts';
import type { BatchToInsert } from './batch-to-insert.ts';
import type { Whereabouts } from './find-stored.ts';

const RECORD_BATCH = `
  insert into ingest_batches (
    run_id, batch_number, of_refused, inserted, inserted_ids_sum, quarantined, quarantined_ids_sum, duplicate_ids,
    duplicate_dates, refused, duplicates
  )
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (run_id, batch_number, of_refused) do update set
    stored_at = excluded.stored_at, inserted = excluded.inserted, inserted_ids_sum = excluded.inserted_ids_sum,
    quarantined = excluded.quarantined, quarantined_ids_sum = excluded.quarantined_ids_sum,
    duplicate_ids = excluded.duplicate_ids, duplicate_dates = excluded.duplicate_dates,
    refused = excluded.refused, duplicates = excluded.duplicates`;

/** Notes what a batch has stored, for `reconcile`. An insert that is repeated finds the same, or what it has mended. */
export async function recordBatch(
  client: PoolClient,
  batch: Pick<
    BatchToInsert,
    'batch' | 'ofRefused' | 'refusedBefore' | 'storedBefore' | 'quarantine' | keyof Messages
  >,
  rows: Whereabouts,
  bad: Whereabouts,
): Promise<void> {
  const duplicates = [
    ...pick(batch, rows.storedBefore),
    ...pick(batch.quarantine, bad.storedBefore),
    ...(batch.storedBefore ?? []),
  ];
  const values = [
    ...[batch.batch.runId, batch.batch.number, batch.ofRefused ?? false],
    ...[rows.own, rows.ownIdsSum, bad.own, bad.ownIdsSum],
    duplicates.map(({ messageId }) => messageId),
    duplicates.map(({ sentAtMs }) => createDate(sentAtMs)),
    batch.refusedBefore ?? 0,
    rows.duplicates + bad.duplicates + (batch.storedBefore?.length ?? 0),
  ];
  await onTable('ingest_batches', client.query(RECORD_BATCH, values));
}

type Messages = Pick<BatchToInsert, 'messageIds' | 'sentAtMs'>;

const pick = ({ messageIds, sentAtMs }: Messages, places: readonly number[]) =>
  places.map((place) => ({
    messageId: messageIds[place] as string,
    sentAtMs: sentAtMs[place] as number,
  }));

/** Rows that batches were refused, this one included, since one of them last stored a row. */
export async function refusedInARow(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ refused: number }>(
    'select login_etl_refused_in_a_row() as refused',
  );
  return rows[0]?.refused ?? 0;
}
