import { patched } from '@temporalio/workflow';
import type { InsertRequest, InsertResult, MaskedBatch, ReceivedBatch } from '../../batch/batch.ts';
import type { Part } from '../../batch/part.ts';
import type { Counts } from '../../domain/counts.ts';
import { steps } from './steps.ts';

/** Builds up to 0.3.0 did not report the worker of the second insert, so a second worker could go unnoticed. */
const REPORTS_SECOND_INSERT = 'reports-second-insert';

export type StepReport = {
  /** @param holder the worker process that ran the step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

/**
 * Masks and commits messages; a second insert quarantines the rows that Postgres refused.
 * @param given returns the insert's input for a part: the part itself or a reference to it
 * @returns the masked batch and the receipt of the last insert
 */
export async function maskAndInsert(
  lane: number,
  { count, ids, bodies }: Pick<ReceivedBatch, 'count' | 'ids' | 'bodies'>,
  origin: Pick<InsertRequest, 'batch' | 'replayId'>,
  given: <T>(part: Part<T>) => Part<T>,
  { stepDone, counted }: StepReport,
): Promise<MaskedBatch & Pick<InsertResult, 'receipt'>> {
  const mask = await steps.mask(lane, { batchNumber: origin.batch.number, count, bodies });
  stepDone(mask.holder);
  const { accepted, rejected } = mask;
  const request = { ...origin, ids, masked: given(mask.masked) };
  const insert = await steps.insert(
    lane,
    { rows: accepted, quarantined: rejected },
    { ...request, ...(rejected > 0 && { bodies }) },
  );
  const { refused, inserted, duplicates, quarantined } = insert;
  stepDone(insert.holder);
  counted({ inserted, duplicates, quarantined });
  if (refused.length > 0) {
    const split = { rows: 0, quarantined: refused.length };
    const receipt = insert.receipt && given(insert.receipt);
    const rest = await steps.insert(lane, split, { ...request, bodies, refused, receipt });
    if (patched(REPORTS_SECOND_INSERT)) stepDone(rest.holder);
    counted({ duplicates: rest.duplicates, quarantined: rest.quarantined });
    return { ...mask, receipt: rest.receipt };
  }
  return { ...mask, receipt: insert.receipt };
}
