import { patched } from '@temporalio/workflow';
import type { InsertRequest, InsertResult, MaskedBatch, ReceivedBatch } from '../../batch/batch.ts';
import type { Part } from '../../batch/part.ts';
import type { Counts } from '../../domain/counts.ts';
import { steps } from './steps.ts';

/** Up to 0.3.0 the worker of the second insert was not reported, so a second worker could go unnoticed. */
const REPORTS_SECOND_INSERT = 'reports-second-insert';

export type StepReport = {
  /** @param holder the worker process that did a step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

/**
 * Masks messages and commits them; a second insert quarantines what Postgres refused.
 * @param given what the insert gets for a part: the part itself, or a reference to it
 * @returns the masked batch, and the receipt of the insert that completed it
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
