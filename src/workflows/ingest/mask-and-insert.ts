import { patched } from '@temporalio/workflow';
import type { InsertRequest, InsertResult, MaskedBatch, ReceivedBatch } from '../../batch/batch.ts';
import type { Part } from '../../batch/part.ts';
import type { Counts } from '../../domain/counts.ts';
import { type Place, steps } from './steps.ts';

/** Builds up to 0.3.0 did not report the worker of the second insert, so a second worker could go unnoticed. */
const REPORTS_SECOND_INSERT = 'reports-second-insert';

export type StepReport = {
  /** @param holder the worker process that ran the step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

type Stored = Pick<Counts, 'inserted' | 'duplicates' | 'quarantined'>;
export type StoredBatch = Pick<InsertResult, 'receipt'> & { stored: Stored };

/**
 * Masks and commits messages; a second insert quarantines the rows that Postgres refused. Between two steps it awaits nothing
 * else: a promise more would change the order of the lanes' commands, and open runs of earlier builds could not go on.
 * @param given returns the insert's input for a part: the part itself or a reference to it
 * @param before the batch as it was masked before, if it is inserted again
 * @returns the masked batch, what was stored and the receipt of the last insert
 */
export async function maskAndInsert(
  place: Place,
  { count, ids, bodies }: Pick<ReceivedBatch, 'count' | 'ids' | 'bodies'>,
  origin: Pick<InsertRequest, 'batch' | 'replayId'>,
  given: <T>(part: Part<T>) => Part<T>,
  { stepDone, counted }: StepReport,
  before?: MaskedBatch,
): Promise<MaskedBatch & StoredBatch> {
  const mask =
    before ?? (await steps.mask(place, { batchNumber: origin.batch.number, count, bodies }));
  if (!before) stepDone(mask.holder);
  const { accepted, rejected } = mask;
  const request = { ...origin, ids, masked: given(mask.masked) };
  const insert = await steps.insert(
    place,
    { rows: accepted, quarantined: rejected },
    { ...request, ...(rejected > 0 && { bodies }) },
  );
  const { refused, inserted, duplicates, quarantined } = insert;
  stepDone(insert.holder);
  counted({ inserted, duplicates, quarantined });
  if (refused.length === 0) {
    return { ...mask, stored: { inserted, duplicates, quarantined }, receipt: insert.receipt };
  }
  const split = { rows: 0, quarantined: refused.length };
  const receipt = insert.receipt && given(insert.receipt);
  const rest = await steps.insert(place, split, { ...request, bodies, refused, receipt });
  if (patched(REPORTS_SECOND_INSERT)) stepDone(rest.holder);
  counted({ duplicates: rest.duplicates, quarantined: rest.quarantined });
  const stored = {
    inserted,
    duplicates: duplicates + rest.duplicates,
    quarantined: quarantined + rest.quarantined,
  };
  return { ...mask, stored, receipt: rest.receipt };
}
