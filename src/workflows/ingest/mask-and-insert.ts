import type { InsertRequest, MaskedBatch, ReceivedBatch } from '../../batch/batch.ts';
import type { Part } from '../../batch/part.ts';
import type { Counts } from '../../domain/counts.ts';
import { steps } from './steps.ts';

export type StepReport = {
  /** @param holder the worker process that did a step */
  stepDone(holder: string | undefined): void;
  counted(counts: Partial<Counts>): void;
};

/**
 * Masks messages and commits them; what Postgres refuses is quarantined by a second insert.
 * @param given what the insert gets in place of a part: it, or a reference to it
 */
export async function maskAndInsert(
  lane: number,
  { count, ids, bodies }: Pick<ReceivedBatch, 'count' | 'ids' | 'bodies'>,
  origin: Pick<InsertRequest, 'batch' | 'replayId'>,
  given: <T>(part: Part<T>) => Part<T>,
  { stepDone, counted }: StepReport,
): Promise<MaskedBatch> {
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
    const rest = await steps.insert(lane, split, { ...request, bodies, refused });
    counted({ duplicates: rest.duplicates, quarantined: rest.quarantined });
  }
  return mask;
}
